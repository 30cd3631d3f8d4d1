-- Who this ledger is, whether it knows a run, its last run, and the newest moment that it knows of.
select ledger_id, created_at_ms,
       exists (select 1 from run where id = ?1) as knows_run,
       (select id from run order by started_at_ms desc, id desc limit 1) as last_run,
       max(created_at_ms,
           coalesce((select max(coalesce(ended_at_ms, started_at_ms)) from run), 0),
           coalesce((select at_ms from event order by id desc limit 1), 0)) as newest_ms
from ledger
