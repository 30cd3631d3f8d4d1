-- Who began it, and by which settings.
update run set os_user = ?2, settings_json = ?3 where id = ?1
