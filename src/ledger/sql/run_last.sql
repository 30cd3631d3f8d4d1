-- The last run of a campaign.
select command, started_at_ms, ended_at_ms, outcome, reason from run
where campaign_id = ?1 order by id desc limit 1
