-- The next wallets of a campaign in the order of its rows: each by its first row.
select g.id, g.wallet_id from gift g indexed by gift_of_campaign
where g.campaign_id = ?1 and g.id > ?2
  and not exists (select 1 from gift h where h.wallet_id = g.wallet_id
                  and h.campaign_id = g.campaign_id and h.id < g.id)
order by g.id limit ?3
