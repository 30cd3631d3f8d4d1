-- Of keys that a series has used, by whom: another campaign of it, or a row of this very file; and which
-- day that one celebrates.
select key, campaign_id <> ?2 as is_elsewhere, reference from gift
where key in (select unhex(value) from json_each(?1))
