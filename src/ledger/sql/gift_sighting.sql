-- A gift that we know to exist, to see whether lists show what exists: the last that was given, since
-- old ones may be used or expired, and gone.
select g.wallet_id from event e join gift g on g.id = e.gift_row
where e.word in ('confirmed', 'found_issued') and g.state = 'issued'
order by e.id desc limit 1
