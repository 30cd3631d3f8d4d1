-- New rows beyond a limit, the largest first, and how many there are.
select line, wallet_id, amount_minor, cells_json, count(*) over () as outliers
from gift indexed by gift_of_campaign
where campaign_id = ?1 and first_load = ?2 and amount_minor > ?3
order by amount_minor desc, line limit ?4
