-- What `gift_record` does, for the one outcome that nearly every gift has: it takes a third of the values. The row
-- of `values` is written as often as there are gifts.
with confirmed (gift_row, provider_id, confirmed_at) as (
values (?, ?, ?)
)
update or rollback gift set
    state = case when gift.state = ? then ? end,
    ready_at_ms = null,
    settle_from_ms = null,
    gift_id = provider_id,
    issued_at_ms = confirmed_at,
    error_class = null,
    error_text = null
from confirmed
where gift.id = confirmed.gift_row
