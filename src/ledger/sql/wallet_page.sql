-- All that the ledger knows of the next wallets of a campaign, in any campaign. Wallets come in the order of
-- the campaign's rows, each by its first row: so the rows of a page lie side by side. In which order the
-- answer comes is left open, since a sorter would copy all of it. The limit is a sum because SQLite plans a
-- statement anew for each value of a bare one.
with wallet as (
    select g.id as first_row, g.wallet_id from gift g indexed by gift_of_campaign
    where g.campaign_id = ? and g.id > ?
      and not exists (select 1 from gift h indexed by gift_of_wallet
                      where h.wallet_id = g.wallet_id and h.campaign_id = g.campaign_id and h.id < g.id)
    order by g.id limit ? + 0
)
select wallet.first_row, k.id, k.campaign_id, k.key, k.wallet_id, k.amount_minor, k.expires_at_ms, k.description,
       k.state, k.attempt_count, k.gift_id, k.issued_at_ms, k.first_sent_at_ms,
       (select is_tagged from campaign c where c.id = k.campaign_id) as is_tagged
from wallet cross join gift k indexed by gift_of_wallet on k.wallet_id = wallet.wallet_id
