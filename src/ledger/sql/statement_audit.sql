-- An audit of a campaign that read every wallet: the one of that number, or the last one.
select id, started_at_ms, ended_at_ms, outcome, has_balances, counts_json
from reconciliation
where campaign_id = ?1 and (?2 is null or id = ?2)
  and outcome in ('finished', 'forgetful') and counts_json is not null
order by id desc limit 1
