-- It ended by itself.
update run set ended_at_ms = ?2, outcome = ?3, reason = ?4 where id = ?1
