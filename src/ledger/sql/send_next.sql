-- The next gifts of a campaign in the order in which they are sent, after (?2, ?3): those that were never
-- sent first, as the claim takes them. ?6 says whether they carry tags.
select ready_at_ms as turn, id, key, wallet_id, amount_minor, expires_at_ms, description, ?6 as is_tagged
from gift indexed by gift_to_send
where campaign_id = ?1 and state in ('planned', 'deferred') and (ready_at_ms, id) > (?2, ?3)
  and (expires_at_ms is null or expires_at_ms > ?4)
order by ready_at_ms, id limit ?5
