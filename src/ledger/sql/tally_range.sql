-- The first and the last row of a campaign, each found at an end of the index.
select (select min(id) from gift indexed by gift_of_campaign where campaign_id = ?1),
       (select max(id) from gift indexed by gift_of_campaign where campaign_id = ?1)
