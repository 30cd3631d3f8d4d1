-- The same outcomes, for the record. The row of `values` is written as often as there are outcomes.
with outcome (gift_row, attempt, run, at, word, detail, took, head) as (
values (?, ?, ?, ?, ?, ?, ?, ?)
)
insert into event (gift_row, attempt_number, run_id, at_ms, word, detail, took_ms, head)
select gift_row, attempt, run, at, word, detail, took, head from outcome where gift_row is not null
