-- The next gifts in the order of their rows, with all that their stories and their campaigns' sums must say.
select id, campaign_id, key, wallet_id, amount_minor, expires_at_ms, description, state, attempt_count,
       first_sent_at_ms, gift_id
from gift where id > ?1 order by id limit ?2
