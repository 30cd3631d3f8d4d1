-- Who loaded the campaign's newest file.
update load set os_user = ?3 where campaign_id = ?1 and number = ?2
