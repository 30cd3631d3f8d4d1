-- The earliest intent to send of a campaign.
select min(first_sent_at_ms) from gift where campaign_id = ?1
