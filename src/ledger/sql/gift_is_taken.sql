-- Whether this load has seen a key.
select exists (select 1 from gift where key = ?1 and last_load = ?2)
