-- Ids of the provider that more than one gift has; the index that forbids it is not asked, but the rows.
select min(key), count(*) from gift not indexed where gift_id is not null
group by gift_id having count(*) > 1
