-- Adds rows of a file; one whose key is there already is left out. The row of `values` is written as
-- often as there are rows, with the campaign and the load in their places: to bind the rest is half the
-- work of handing rows over as JSON.
insert into gift (campaign_id, first_load, last_load, key, reference, line, wallet_id, amount_minor,
                  expires_at_ms, description, cells_json, twin, state, ready_at_ms)
values (?1, ?2, ?2, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', 0)
on conflict (key) do nothing
