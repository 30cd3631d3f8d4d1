-- What a dead run left in flight, in any campaign. The first condition is the index's own: SQLite
-- uses a partial index only where it finds that very expression.
select id, attempt_count from gift indexed by gift_open
where (state = 'in_flight' or state = 'in_doubt' or state = 'revoking') and state = 'in_flight'
