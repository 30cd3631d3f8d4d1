-- The audits of a campaign, the newest first.
select id, command, started_at_ms, ended_at_ms, outcome, reason, os_user, has_balances, counts_json
from reconciliation where campaign_id = ?1 order by id desc limit ?2
