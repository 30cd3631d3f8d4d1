-- Which campaigns some gifts are of.
select key, campaign_id from gift indexed by gift_key where key in (select unhex(value) from json_each(?1))
