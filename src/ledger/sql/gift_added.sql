-- The rows that one statement added: their ids are the newest.
select key from gift where id > ?1
