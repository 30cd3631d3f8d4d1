-- The same outcomes, for the record.
insert into event (gift_row, attempt_number, run_id, at_ms, word, detail)
select value ->> 'row', value ->> 'attempt', ?2, value ->> 'at', value ->> 'word', value ->> 'detail'
from json_each(?1)
