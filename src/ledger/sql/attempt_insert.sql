-- The records of the attempts that were just claimed, before any of them is made.
insert into attempt (gift_row, number, run_id, started_at_ms)
select c.gift_row, (select g.attempt_count from gift g where g.id = c.gift_row), ?, ? from claimed c
