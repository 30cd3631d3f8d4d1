-- Distinct wallets of a campaign, and the earliest intent to send of it. Grouped, not `distinct`: sorting
-- is four times as fast as looking each wallet up.
select count(*), min(first_sent_at_ms) from (
    select min(first_sent_at_ms) as first_sent_at_ms from gift indexed by gift_of_campaign
    where campaign_id = ?1 group by wallet_id)
