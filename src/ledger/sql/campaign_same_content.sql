-- Other campaigns that gave the same amounts to the same wallets, and sent or gave some of it since ?3.
select name from campaign c
where c.content_digest = ?1 and c.id <> ?2
  and exists (select 1 from gift g where g.campaign_id = c.id
              and (g.first_sent_at_ms >= ?3 or g.issued_at_ms >= ?3))
order by name
