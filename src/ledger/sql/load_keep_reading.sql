-- How a load read its file.
update load set reading_json = ?3 where campaign_id = ?1 and number = ?2
