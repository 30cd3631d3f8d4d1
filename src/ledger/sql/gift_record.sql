-- The outcomes of a group: compare-and-set on the state that each gift must still have. One that has another
-- gets no state, which the table refuses: the whole transaction is then undone, without anybody counting. The row of
-- `values` is written as often as there are outcomes.
with outcome (gift_row, state, next, ready_at, settle_from, doubts, provider_id, issued_at, class, words) as (
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
)
update or rollback gift set
    state = case when gift.state = outcome.state then next end,
    ready_at_ms = ready_at,
    settle_from_ms = settle_from,
    doubt_count = doubt_count + doubts,
    gift_id = coalesce(provider_id, gift_id),
    issued_at_ms = coalesce(issued_at, issued_at_ms),
    error_class = class,
    error_text = words
from outcome
where gift.id = outcome.gift_row
