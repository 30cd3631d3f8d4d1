-- All that the ledger knows, in any campaign, of the wallets of some gifts; each by the first of those rows.
with wallet as (
    select min(id) as first_row, wallet_id from gift
    where id in (select value from json_each(?)) group by wallet_id
)
select wallet.first_row, k.id, k.campaign_id, k.key, k.wallet_id, k.amount_minor, k.expires_at_ms, k.description,
       k.state, k.attempt_count, k.gift_id, k.issued_at_ms, k.first_sent_at_ms,
       (select is_tagged from campaign c where c.id = k.campaign_id) as is_tagged
from wallet cross join gift k indexed by gift_of_wallet on k.wallet_id = wallet.wallet_id
