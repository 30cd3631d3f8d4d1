-- How many wait to be sent, and when the next of those may that may not yet.
select count(*), min(case when ready_at_ms > ?2 then ready_at_ms end)
from gift indexed by gift_to_send
where campaign_id = ?1 and state in ('planned', 'deferred')
