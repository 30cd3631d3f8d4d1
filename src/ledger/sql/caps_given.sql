-- Money of the whole ledger that was given since a moment, or may have been. A gift counts when it was sent
-- last; one that a restored ledger took back counts when that was. Left out is what the campaigns ?2 may
-- send (again) now: whoever asks adds that.
select coalesce(sum(amount_minor), 0) from (
    select g.amount_minor from attempt a
    cross join gift g on g.id = a.gift_row and g.attempt_count = a.number
    where a.started_at_ms >= ?1
      and (g.state in ('issued', 'revoking', 'held')
           or (g.state in ('in_flight', 'in_doubt') and g.campaign_id not in (select value from json_each(?2))))
    union all
    select g.amount_minor from ledger l cross join gift g
    where l.restored_count > 0 and g.attempt_count = 0 and g.issued_at_ms >= ?1
      and g.state in ('issued', 'revoking')
)
