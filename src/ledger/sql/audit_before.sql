-- The last audits of a campaign before one that read every wallet: any, and one that asked for balances.
select coalesce(max(id), 0), coalesce(max(iif(has_balances, id, 0)), 0) from reconciliation
where campaign_id = ?1 and id < ?2 and outcome in ('finished', 'forgetful')
