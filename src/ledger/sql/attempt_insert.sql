-- The intents of a group, before anything of it is sent. The row of `values` is written as often as
-- there are intents.
with intent (gift_row, number, run, started_at) as (
values (?, ?, ?, ?)
)
insert into attempt (gift_row, number, run_id, started_at_ms)
select gift_row, number, run, started_at from intent where gift_row is not null
