-- Every wallet of the campaign was read to find what a restored ledger had forgotten.
update campaign set recalled_at_ms = ?2 where id = ?1
