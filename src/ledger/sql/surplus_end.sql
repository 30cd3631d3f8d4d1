-- What came of the intent to delete a gift too many.
update surplus set ended_at_ms = ?2, word = ?3, detail = ?4 where remote_id = ?1 and ended_at_ms is null
