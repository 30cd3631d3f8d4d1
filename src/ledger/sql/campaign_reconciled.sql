-- Remembers that a reconcile of the campaign ended.
update campaign set reconciled_at_ms = ?2 where id = ?1
