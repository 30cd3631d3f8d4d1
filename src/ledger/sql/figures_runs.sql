-- Everything that was done with a campaign, in order: its loads, its runs, its reconciles, and what
-- people wanted of it.
select 'load' as kind, number as number, 'load' as command, loaded_at_ms as started_at_ms,
       loaded_at_ms as ended_at_ms, 'stored' as outcome, os_user, null as settings_json,
       file_sha256, row_count, null as run_id, null as counts_json
from load where campaign_id = ?1
union all
select 'run', 0, command, started_at_ms, ended_at_ms, outcome, os_user, settings_json, null, null, id, null
from run where campaign_id = ?1
union all
select 'reconcile', id, command, started_at_ms, ended_at_ms, outcome, os_user, settings_json, null, null, null,
       counts_json
from reconciliation where campaign_id = ?1
union all
select 'wish', id, word, at_ms, at_ms, 'stored', by_whom, null, null, null, null, null
from wish where campaign_id = ?1
order by started_at_ms, kind, number
