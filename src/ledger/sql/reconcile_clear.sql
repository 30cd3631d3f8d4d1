-- A new reconcile begins: what the last one found of some gifts no longer counts.
update gift set reconciled = null, reconciled_detail = null
where campaign_id = ?1 and id between ?2 and ?3 and reconciled is not null
