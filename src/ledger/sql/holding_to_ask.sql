-- The next customers to ask for, after one.
select customer from holding_seen
where wanted = ?1 and asked_at_ms is null and customer > ?2
order by customer
limit ?3
