-- Distinct wallets of a campaign, and the earliest intent to send of it.
select count(distinct wallet_id), min(first_sent_at_ms) from gift where campaign_id = ?1
