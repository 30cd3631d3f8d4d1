-- Remembers gifts that two whole lists lack.
insert or ignore into rechecked (gift_row) select value from json_each(?1)
