-- Gifts of cancelled campaigns that were never sent, or certainly not given: to be withdrawn. Not of a
-- campaign of which a restored ledger may have forgotten gifts: those may have been given.
select g.id, g.state, g.attempt_count, g.amount_minor
from wish w cross join campaign c on c.id = w.campaign_id
     cross join gift g indexed by gift_to_send on g.campaign_id = c.id
where w.word = 'cancel' and g.state in ('planned', 'deferred')
  and not exists (select 1 from ledger l where c.recalled_count < l.restored_count
                  and c.first_loaded_at_ms < l.restored_at_ms + 30 * 86400000)
limit ?1
