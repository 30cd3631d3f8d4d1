-- The last moment of which the ledger knows, where what was sent of the campaign since was not looked
-- for yet.
select l.forgot_since_ms from ledger l join campaign c on c.id = ?1
where l.restored_at_ms is not null
  and (c.recalled_at_ms is null or c.recalled_at_ms < l.restored_at_ms)
