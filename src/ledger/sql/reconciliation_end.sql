-- It ended by itself.
update reconciliation set ended_at_ms = ?2, outcome = ?3 where id = ?1
