-- New rows whose wallet has a row that the file before had and this one has not: most likely the same
-- row, corrected, though both are gifts now. Several of one wallet are paired by what customers read,
-- then by size. What is surely not given and not sent any more is nobody's double.
with gone as (
    select wallet_id, amount_minor, state,
           row_number() over (partition by wallet_id order by description, amount_minor, id) as place
    from gift indexed by gift_of_campaign
    where campaign_id = ?1 and last_load = ?2 - 1
      and state not in ('refused', 'cancelled', 'revoked')
), fresh as (
    select wallet_id, amount_minor, line,
           row_number() over (partition by wallet_id order by description, amount_minor, id) as place
    from gift indexed by gift_of_campaign
    where campaign_id = ?1 and first_load = ?2
)
select f.line, f.wallet_id, g.amount_minor as old_minor, g.state, f.amount_minor as new_minor,
       count(*) over () as pairs
from fresh f join gone g on g.wallet_id = f.wallet_id and g.place = f.place
order by f.line limit ?3
