-- Marks rows that are there already as seen by this load. One that this load has seen before is left
-- alone and not returned, so that the caller counts it again; so is one of another campaign, which loads
-- of a series meet. By its keys: the index of the campaign would be walked whole for each group of rows.
update gift indexed by gift_key set last_load = ?2
where key in (select unhex(value) from json_each(?1)) and last_load <> ?2 and campaign_id = ?3
returning id, campaign_id, key, reference, wallet_id, amount_minor, expires_at_ms, description, state, attempt_count,
          reconciled is 'unexpected' as is_unexpected
