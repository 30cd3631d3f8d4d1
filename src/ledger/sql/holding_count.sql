-- Customers that an asking wants to know of, and how many of them are to be asked.
select (select count(*) from holding_seen where wanted = ?1),
       (select count(*) from holding_seen where wanted = ?1 and asked_at_ms is null)
