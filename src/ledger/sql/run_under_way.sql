-- The last thing that began for a campaign and has no end: it is under way, or was killed.
select id, command, process_id, started_at_ms from run
where campaign_id = ?1 and ended_at_ms is null
union all
select null, command, process_id, started_at_ms from reconciliation
where campaign_id = ?1 and ended_at_ms is null
order by started_at_ms desc limit 1
