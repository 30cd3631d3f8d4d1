-- The same outcomes, for the record. The row of `values` is written as often as there are outcomes.
with outcome (gift_row, attempt, run, at, word, detail) as (
values (?, ?, ?, ?, ?, ?)
)
insert into event (gift_row, attempt_number, run_id, at_ms, word, detail)
select gift_row, attempt, run, at, word, detail from outcome where gift_row is not null
