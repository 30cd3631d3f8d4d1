-- What the provider said of some wallets. The row of `values` is written as often as there are wallets.
with seen (wallet_id, asked_at_ms, answer, words, is_frozen, frozen_until_ms, is_deleted, currency) as (
values (?, ?, ?, ?, ?, ?, ?, ?)
)
update wallet_seen set
    asked_at_ms = seen.asked_at_ms,
    answer = seen.answer,
    words = seen.words,
    is_frozen = seen.is_frozen,
    frozen_until_ms = seen.frozen_until_ms,
    is_deleted = seen.is_deleted,
    currency = seen.currency
from seen where wallet_seen.wallet_id = seen.wallet_id
