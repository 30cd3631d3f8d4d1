-- Marks rows that are there already as seen by this load. One that this load has seen before is left
-- alone and not returned, so that the caller counts it again; so is one of another campaign, which loads
-- of a series meet.
update gift set last_load = ?2
where key in (select unhex(value) from json_each(?1)) and last_load <> ?2 and campaign_id = ?3
returning key, twin
