-- The gifts of one claim, from one statement of its transaction to the next: in the memory of the connection.
create temp table if not exists claimed (gift_row integer primary key)
