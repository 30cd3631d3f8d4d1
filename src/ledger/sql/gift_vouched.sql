-- Unsent gifts of a campaign of which a person said that they were not given, after the ledger was noticed to be an old
-- copy; nothing happened to them since.
select g.id from ledger l cross join gift g indexed by gift_to_send
where g.campaign_id = ?1 and g.state in ('planned', 'deferred') and g.ready_at_ms >= l.restored_at_ms
  and (select e.word = 'resolved_retry' and e.at_ms >= l.restored_at_ms
       from event e indexed by event_of_gift where e.gift_row = g.id order by e.id desc limit 1)
