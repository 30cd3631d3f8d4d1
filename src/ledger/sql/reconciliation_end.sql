-- It ended by itself.
update reconciliation set ended_at_ms = ?2, outcome = ?3, counts_json = ?4, reason = ?5 where id = ?1
