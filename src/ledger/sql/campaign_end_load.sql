-- Closes a load: the rows it added, and the digest of all rows. A restored ledger may have forgotten rows
-- that come again: they were not looked for.
update campaign set gift_count = gift_count + ?2, total_minor = total_minor + ?3, plan_digest = ?4,
                    recalled_count = iif(?2 > 0, 0, recalled_count)
where id = ?1
