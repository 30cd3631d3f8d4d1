-- The next wallets of a campaign with refused gifts that were sent, in the order of its rows, each by the first of
-- those; all classes where ?3 is null.
select g.id, g.wallet_id from gift g indexed by gift_of_campaign
where g.campaign_id = ?1 and g.id > ?2 and g.state = 'refused' and g.attempt_count > 0
  and (?3 is null or g.error_class in (select value from json_each(?3)))
  and not exists (select 1 from gift h indexed by gift_of_wallet
                  where h.wallet_id = g.wallet_id and h.campaign_id = g.campaign_id and h.id < g.id
                    and h.state = 'refused' and h.attempt_count > 0
                    and (?3 is null or h.error_class in (select value from json_each(?3))))
order by g.id limit ?4
