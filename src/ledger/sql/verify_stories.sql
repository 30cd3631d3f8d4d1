-- What happened to these gifts, each one's story in its order: see history.sql.
select gift_row, at_ms, word, detail from (
    select gift_row, started_at_ms as at_ms, number as attempt_number, 'started' as word, null as detail,
           0 as rank
    from attempt where gift_row between ?1 and ?2
    union all
    select gift_row, at_ms, attempt_number, word, detail, id as rank
    from event where gift_row between ?1 and ?2
)
order by gift_row, attempt_number, rank
