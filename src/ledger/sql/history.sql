-- A gift's whole story in order: attempts, events, and what became of gifts too many like it, which stand behind
-- the last event before them.
select at_ms, attempt_number, word, detail, took_ms from (
    select started_at_ms as at_ms, number as attempt_number, 'started' as word, null as detail,
           null as took_ms, 0 as rank, 0 as place
    from attempt where gift_row = ?1
    union all
    select at_ms, attempt_number, word, detail, took_ms, id as rank, 0 as place from event where gift_row = ?1
    union all
    select s.began_at_ms, (select attempt_count from gift where id = ?1), 'surplus_begun', s.remote_id, null,
           (select coalesce(max(e.id), 0) from event e where e.gift_row = ?1 and e.at_ms <= s.began_at_ms),
           2 * s.id
    from surplus s where s.gift_row = ?1
    union all
    select s.ended_at_ms, (select attempt_count from gift where id = ?1), 'surplus_' || s.word,
           s.remote_id || coalesce(': ' || s.detail, ''), null,
           (select coalesce(max(e.id), 0) from event e where e.gift_row = ?1 and e.at_ms <= s.ended_at_ms),
           2 * s.id + 1
    from surplus s where s.gift_row = ?1 and s.ended_at_ms is not null
)
order by attempt_number, rank, place, at_ms
