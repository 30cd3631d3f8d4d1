-- The same for some rows alone: gifts that a run has begun which may begin no others. They too wait while
-- their campaign is paused, and stay unsent where it is cancelled.
insert into claimed (gift_row)
with candidate as (
    select g.id, g.twin from gift g
    where g.id in (select value from json_each(?))
      and coalesce((select w.word from wish w where w.campaign_id = g.campaign_id order by w.id desc limit 1), 'resume')
          = 'resume'
      and g.state in ('planned', 'deferred') and g.ready_at_ms <= ?
      and (g.expires_at_ms is null or g.expires_at_ms > ?)
      and not exists (select 1 from gift t where t.twin = g.twin
                      and (t.state = 'in_flight' or t.state = 'in_doubt' or t.state = 'held'))
      and not exists (select 1 from gift d indexed by gift_open
                      where (d.state = 'in_flight' or d.state = 'in_doubt' or d.state = 'revoking')
                        and d.state = 'in_doubt' and d.wallet_id = g.wallet_id)
    order by g.ready_at_ms, g.id
    limit ? + 0
)
select min(id) from candidate group by twin
