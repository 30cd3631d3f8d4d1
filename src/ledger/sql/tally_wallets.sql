-- Distinct wallets of a campaign, from the index alone: in its order each wallet comes but once.
select count(distinct wallet_id) from gift indexed by gift_of_wallet where campaign_id = ?1
