-- New rows whose wallet has a row that the file before had and this one has not: most likely the same
-- row, corrected, though both are gifts now. Several of one wallet are paired by what customers read,
-- then by size. What is surely not given and not sent any more is nobody's double. Pairs are made by
-- sorting alone: a join of two large sides without an index would take for ever.
with side as (
    select wallet_id, line, amount_minor, state, first_load = ?2 as is_new,
           row_number() over (partition by wallet_id, first_load = ?2
                              order by description, amount_minor, id) as place
    from gift indexed by gift_of_campaign
    where campaign_id = ?1
      and (first_load = ?2
           or (last_load = ?2 - 1 and state not in ('refused', 'cancelled', 'revoked')))
)
select max(iif(is_new, line, null)) as line, wallet_id,
       max(iif(is_new, null, amount_minor)) as old_minor, max(iif(is_new, null, state)) as state,
       max(iif(is_new, amount_minor, null)) as new_minor, count(*) over () as pairs
from side group by wallet_id, place having count(*) = 2
order by line limit ?3
