-- All doubts, of any campaign: they stand in the way of their wallets. The first condition is the
-- index's own: SQLite uses a partial index only where it finds that very expression.
select id, campaign_id, key, wallet_id, amount_minor, expires_at_ms, description, attempt_count, doubt_count,
       first_sent_at_ms, settle_from_ms,
       (select is_tagged from campaign c where c.id = campaign_id) as is_tagged
from gift indexed by gift_open
where (state = 'in_flight' or state = 'in_doubt' or state = 'revoking') and state = 'in_doubt'
order by first_sent_at_ms, id
