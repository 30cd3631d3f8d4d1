-- Adds rows of a file. A row that is there already is only marked as seen by this load; one that
-- this load has seen before is left alone and not returned, so that the caller counts it again.
insert into gift (campaign_id, key, reference, line, first_load, last_load, wallet_id, amount_minor,
                  expires_at_ms, description, cells_json, twin, state, ready_at_ms)
select ?1, unhex(value ->> 'key'), value ->> 'reference', value ->> 'line', ?2, ?2,
       unhex(value ->> 'wallet'), value ->> 'amount', value ->> 'expires', value ->> 'description',
       value ->> 'cells', unhex(value ->> 'twin'), 'planned', 0
from json_each(?3)
where true
on conflict (key) do update set last_load = excluded.last_load where last_load <> excluded.last_load
returning key, first_load, twin
