-- The last moment of which the ledger knows, where what was sent of the campaign since was not looked
-- for yet. A campaign that is first loaded a month after the noticing is a new one.
select l.forgot_since_ms from ledger l join campaign c on c.id = ?1
where c.recalled_count < l.restored_count
  and c.first_loaded_at_ms < l.restored_at_ms + 30 * 86400000
