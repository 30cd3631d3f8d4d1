-- The gift of a key, and whether this load brought it.
select id, first_load = ?2 as is_new from gift where key = ?1
