-- What stands in some gifts that a file's rows are held against.
select id, campaign_id, key, reference, wallet_id, amount_minor, expires_at_ms, description, state, attempt_count,
       reconciled is 'unexpected' as is_unexpected
from gift where id in (select value from json_each(?1))
