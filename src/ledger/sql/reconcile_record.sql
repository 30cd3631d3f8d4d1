-- What an audit found of a group of gifts. The row of `values` is written as often as there are findings. That a wallet
-- could not be read replaces nothing that was found wrong there before.
with audited (gift_row, finding, detail) as (
values (?, ?, ?)
)
update gift set reconciled = finding, reconciled_detail = detail
from audited
where gift.id = audited.gift_row
  and (finding <> 'unread' or reconciled is null or reconciled in ('matched', 'expired', 'unread'))
