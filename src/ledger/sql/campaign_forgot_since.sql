-- The last moment of which the ledger knows, where what was sent of the campaign since was not looked
-- for yet.
select l.forgot_since_ms from ledger l join campaign c on c.id = ?1
where c.recalled_count < l.restored_count
