-- Which of some keys are those of gifts that earlier loads of this campaign brought. By the keys: the index of the
-- campaign would be walked whole for each group of rows.
select id, key, twin from gift indexed by gift_key
where key in (select unhex(value) from json_each(?1)) and campaign_id = ?2 and first_load < ?3
