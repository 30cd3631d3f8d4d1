-- How many requests each run of a campaign sent for some of its gifts, and when the first and the last. A run
-- sends gifts of one campaign only.
select run_id, count(*), min(started_at_ms), max(started_at_ms) from attempt
where gift_row between ?2 and ?3 and run_id in (select id from run where campaign_id = ?1)
group by run_id
