-- Gifts and money by state, of some rows of a campaign: so few at once that they are sorted in memory.
select state, count(*), sum(amount_minor), null, null from gift indexed by gift_of_campaign
where campaign_id = ?1 and id between ?2 and ?3 group by state
