-- Chooses gifts that may be sent, for a claim. Left out are gifts whose twin is open anywhere, and
-- wallets with a doubt: what is sent there now could be taken for the answer to it. Of twins in one
-- group the first goes, the others wait. Of a campaign that was paused or cancelled nothing is claimed from
-- the moment of that wish's commit on. The limit is a sum because SQLite plans a statement anew for each
-- value of a bare one.
insert into claimed (gift_row)
with candidate as (
    select g.id, g.twin from gift g indexed by gift_to_send
    where g.campaign_id = (select c.id from campaign c where c.id = ? and coalesce(
              (select w.word from wish w where w.campaign_id = c.id order by w.id desc limit 1), 'resume') = 'resume')
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
