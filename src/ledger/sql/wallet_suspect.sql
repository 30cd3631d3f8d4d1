-- Of some wallets those of which the last answer may be a fault. The row of `values` is written as often as
-- there are wallets.
with asked (wallet_id) as (
values (?)
)
select s.wallet_id, s.answer, s.words, s.is_frozen, s.frozen_until_ms, s.is_deleted, s.currency
from asked cross join wallet_seen s on s.wallet_id = asked.wallet_id
where s.asked_at_ms is not null
  and (s.answer <> 'record' or s.is_frozen or s.frozen_until_ms is not null or s.is_deleted
       or upper(s.currency) <> ?)
