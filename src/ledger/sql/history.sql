-- A gift's whole story in order: attempts and events.
select at_ms, attempt_number, word, detail, took_ms from (
    select started_at_ms as at_ms, number as attempt_number, 'started' as word, null as detail,
           null as took_ms, 0 as rank
    from attempt where gift_row = ?1
    union all
    select at_ms, attempt_number, word, detail, took_ms, id as rank from event where gift_row = ?1
)
order by attempt_number, rank, at_ms
