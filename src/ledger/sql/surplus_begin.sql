-- The intent to delete a gift too many.
insert into surplus (gift_row, remote_id, run_id, began_at_ms) values (?1, ?2, ?3, ?4)
