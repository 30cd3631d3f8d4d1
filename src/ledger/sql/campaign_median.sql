-- The amount in the middle of all rows of a campaign; ?2 is how many are smaller.
select amount_minor from gift indexed by gift_of_campaign where campaign_id = ?1
order by amount_minor limit 1 offset ?2
