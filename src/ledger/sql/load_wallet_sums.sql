-- Wallets to which a file's rows give more than a limit, the most first, and how many there are. Lines
-- are named of new rows alone: the others keep the line of the file that brought them. ?5: the file has all rows
-- of the campaign.
with sums as (
    select wallet_id, sum(amount_minor) as minor, count(*) as gifts
    from gift indexed by gift_of_campaign
    where campaign_id = ?1 and (?5 or last_load = ?2)
    group by wallet_id having minor > ?3
)
select wallet_id, minor, gifts, count(*) over () as wallets,
       (select json_group_array(line) from (
            select line from gift g
            where g.wallet_id = sums.wallet_id and g.campaign_id = ?1 and g.first_load = ?2
            order by line limit 5)) as lines
from sums order by minor desc, wallet_id limit ?4
