-- What an earlier reconcile saw of the use of some gifts no longer counts: their wallet was read. By the key of the
-- table, which begins with the campaign: by the gifts' rows alone all of it would be read for each group.
delete from gift_use
where (campaign_id, gift_row) in (
    select g.campaign_id, g.id from json_each(?) asked cross join gift g on g.id = asked.value)
