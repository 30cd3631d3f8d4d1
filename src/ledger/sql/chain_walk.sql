-- All events in the order of the chain.
select id, gift_row, attempt_number, run_id, at_ms, word, detail, head from event order by id
