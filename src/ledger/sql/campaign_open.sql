-- Campaigns of which some gift may still be sent, or is not settled. Each half has an index of its own.
select id, name, first_loaded_at_ms, last_loaded_at_ms, load_count, header_json, dialect_json,
       file_sha256, gift_count, total_minor, plan_digest, reconciled_at_ms
from campaign c
where exists (select 1 from gift g indexed by gift_to_send
              where g.campaign_id = c.id and g.state in ('planned', 'deferred'))
   or id in (select g.campaign_id from gift g
             where g.state = 'in_flight' or g.state = 'in_doubt')
order by id
