-- A new reconcile begins: what the last one saw of the gifts' use no longer counts.
delete from gift_use where campaign_id = ?1
