-- A gift's whole story in order: attempts and events.
select at_ms, attempt_number, word, detail from (
    select started_at_ms as at_ms, number as attempt_number, 'started' as word, null as detail, 0 as rank
    from attempt where gift_row = ?1
    union all
    select at_ms, attempt_number, word, detail, id as rank from event where gift_row = ?1
)
order by attempt_number, rank, at_ms
