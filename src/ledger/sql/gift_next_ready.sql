-- How many may be sent now or later, and when the next of them may.
select count(*), min(ready_at_ms) from gift indexed by gift_to_send
where campaign_id = ?1 and state in ('planned', 'deferred')
