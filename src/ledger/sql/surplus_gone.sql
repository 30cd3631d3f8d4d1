-- A gift too many is gone, and an audit named it: what it found of the gift that was doubled holds no longer, or of the
-- others alone. Of the wallet's gifts first, and each by its row: the whole table would be walked else.
with rest as materialized (
    select g.id, trim(replace(' ' || g.reconciled_detail || ' ', ' ' || ?2 || ' ', ' ')) as ids
    from gift own cross join gift g indexed by gift_of_wallet
         on g.wallet_id = own.wallet_id and g.campaign_id = own.campaign_id
    where own.id = ?1 and g.reconciled = 'duplicated' and instr(g.reconciled_detail, ?2) > 0
)
update gift not indexed set reconciled = iif(rest.ids = '', 'matched', 'duplicated'), reconciled_detail = nullif(rest.ids, '')
from rest where gift.id = rest.id
