-- Which runs of these the ledger knows.
select id from run where id in (select unhex(value) from json_each(?1))
