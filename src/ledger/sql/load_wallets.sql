-- Distinct wallets of the rows that a file has, those included that were there already. Where rows of earlier
-- files are left out, those that are not are marked.
select count(*) from (
    select 1 from gift indexed by gift_of_campaign
    where campaign_id = ?1 and last_load = ?2 group by wallet_id)
