-- Gifts of a campaign that were never sent, or certainly not given, and whose expiry has passed.
select id, state, attempt_count, amount_minor from gift indexed by gift_to_send
where campaign_id = ?1 and state in ('planned', 'deferred') and expires_at_ms <= ?2
limit ?3
