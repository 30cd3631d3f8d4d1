-- Other campaigns that gave the same amounts to the same wallets and sent some of it since ?3.
select name from campaign c
where c.content_digest = ?1 and c.id <> ?2 and c.last_loaded_at_ms >= ?3
  and exists (select 1 from gift g where g.campaign_id = c.id and g.attempt_count > 0)
order by name
