-- Other campaigns that were given a file with the same gifts, and sent or gave some of it since ?3.
select distinct c.name from load l join campaign c on c.id = l.campaign_id
where l.content_digest = ?1 and l.campaign_id <> ?2
  and exists (select 1 from gift g where g.campaign_id = c.id
              and (g.first_sent_at_ms >= ?3 or g.issued_at_ms >= ?3))
order by c.name
