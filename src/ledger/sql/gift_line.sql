-- The line of a row that this load brought.
select line from gift where key = ?1 and first_load = ?2
