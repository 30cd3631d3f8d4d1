-- Closes a load: the rows it added, and the digest of all rows.
update campaign set gift_count = gift_count + ?2, total_minor = total_minor + ?3, plan_digest = ?4
where id = ?1
