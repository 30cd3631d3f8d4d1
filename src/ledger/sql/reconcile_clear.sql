-- A new reconcile begins: what the last one found no longer counts.
update gift set reconciled = null, reconciled_detail = null
where campaign_id = ?1 and reconciled is not null
