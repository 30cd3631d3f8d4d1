-- The gifts too many of a campaign that were begun and not ended, or are gone since a moment.
select s.gift_row, s.remote_id, g.wallet_id, s.ended_at_ms is null as is_begun
from surplus s cross join gift g on g.id = s.gift_row
where g.campaign_id = ?1 and (s.ended_at_ms is null or (s.word = 'gone' and s.ended_at_ms >= ?2))
order by s.id
