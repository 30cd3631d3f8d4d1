-- Rows that this load's file still has, where it lacks others of the campaign.
update gift set last_load = ?2 where id in (select value from json_each(?1))
