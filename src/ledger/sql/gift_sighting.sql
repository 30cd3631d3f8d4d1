-- A gift that we know to exist, to see whether lists show what exists: the oldest, since lists lag.
select wallet_id from gift where state = 'issued' order by id limit 1
