-- All that the ledger knows of one wallet, in any campaign.
select id, campaign_id, key, wallet_id, amount_minor, expires_at_ms, description, state,
       attempt_count, gift_id, issued_at_ms, first_sent_at_ms,
       (select is_tagged from campaign c where c.id = campaign_id) as is_tagged
from gift where wallet_id = ?1 order by id
