-- Every wallet of the campaign was read to find what a restored ledger had forgotten.
update campaign set recalled_count = (select restored_count from ledger) where id = ?1
