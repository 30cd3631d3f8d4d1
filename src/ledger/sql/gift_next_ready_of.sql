-- The same of some rows.
select count(*), min(case when ready_at_ms > ?2 then ready_at_ms end)
from gift
where id in (select value from json_each(?1)) and state in ('planned', 'deferred')
