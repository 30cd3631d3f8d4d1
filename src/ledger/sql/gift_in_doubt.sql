-- All doubts, of any campaign: they stand in the way of their wallets.
select id, key, wallet_id, amount_minor, expires_at_ms, description, attempt_count, doubt_count,
       first_sent_at_ms, settle_from_ms
from gift indexed by gift_open where state = 'in_doubt' order by first_sent_at_ms, id
