-- Brings forward what waits for a time: a run waits for moments, and where the clock was set back
-- since the last one, those that it left behind may be days ahead.
update gift indexed by gift_to_send set ready_at_ms = ?2
where campaign_id = ?1 and state in ('planned', 'deferred') and ready_at_ms > ?2
