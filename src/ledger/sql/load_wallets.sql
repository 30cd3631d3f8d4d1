-- Distinct wallets of the rows that a file has, those included that were there already.
select count(distinct wallet_id) from gift where campaign_id = ?1 and last_load = ?2
