-- Gifts and money of a campaign by state.
select state, count(*), sum(amount_minor) from gift where campaign_id = ?1 group by state
