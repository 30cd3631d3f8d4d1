-- The same outcomes, for the record; the last of them carries the hash. The row of `values` is written as often as
-- there are gifts.
with confirmed (gift_row, attempt, at, detail, took) as (
values (?, ?, ?, ?, ?)
)
insert into event (gift_row, attempt_number, run_id, at_ms, word, detail, took_ms, head)
select gift_row, attempt, ?, at, ?, detail, took, case when gift_row = ? then ? end
from confirmed where gift_row is not null
