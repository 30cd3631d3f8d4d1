-- What was used of a campaign's gifts: gifts with a row, those that do not say how much is left, those of
-- which nothing is left, what was used of the others, and the money of those that do not say.
select count(*), coalesce(sum(u.remaining_minor is null), 0), coalesce(sum(u.remaining_minor <= 0), 0),
       coalesce(sum(iif(u.remaining_minor is null, 0,
                        max(0, min(g.amount_minor, g.amount_minor - u.remaining_minor)))), 0),
       coalesce(sum(iif(u.remaining_minor is null, g.amount_minor, 0)), 0),
       coalesce(sum(u.is_used), 0)
from gift_use u cross join gift g on g.id = u.gift_row
where u.campaign_id = ?1
