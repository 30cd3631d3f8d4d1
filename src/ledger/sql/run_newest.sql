-- The last thing that began for any campaign, where it has no end: it is under way, or was killed.
select name, command, process_id, started_at_ms from (
    select campaign_id, command, process_id, started_at_ms, ended_at_ms from run
    union all
    select campaign_id, command, process_id, started_at_ms, ended_at_ms from reconciliation
    order by started_at_ms desc limit 1
) join campaign on campaign.id = campaign_id
where ended_at_ms is null
