-- The intents of a group, before anything of it is sent.
insert into attempt (gift_row, number, run_id, started_at_ms)
select value ->> 0, value ->> 1, ?1, ?2 from json_each(?3)
