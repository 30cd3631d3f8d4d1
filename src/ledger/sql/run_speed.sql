-- How many gifts a run brought to an end of late, since when that is counted, and when the last event was. Looks
-- at the last events of the ledger alone, which are the run's while it goes on.
select count(*) filter (where word in ('confirmed', 'declined', 'found_issued')), min(at_ms), max(at_ms)
from (select run_id, at_ms, word from event order by id desc limit 4000)
where run_id = ?1 and at_ms >= ?2
