-- Who this ledger is, whether it knows the mark that the file beside it names (a run, as far as the file
-- says that it came), its last run, whether it is a copy that was just put to use, whether anything was
-- ever loaded, and the newest moment of which it knows.
select ledger_id, created_at_ms,
       exists (select 1 from run where id = ?1 and (not ?2 or ended_at_ms is not null))
       or mark is ?1 as knows_mark,
       (select user_version from pragma_user_version) as is_copy,
       exists (select 1 from campaign) as has_campaign,
       max(created_at_ms,
           coalesce((select max(loaded_at_ms) from load), 0),
           coalesce((select max(coalesce(ended_at_ms, started_at_ms)) from run), 0),
           coalesce((select at_ms from event order by id desc limit 1), 0)) as newest_ms
from ledger
