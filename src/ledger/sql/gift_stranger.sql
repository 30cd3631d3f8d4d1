-- Gifts that rows say they come from, mostly of other campaigns: whether one that was sent was looked for since the last that
-- happened to it, and what took its place, in which campaign.
select g.id, g.key, g.reference, g.wallet_id, g.amount_minor, g.expires_at_ms, g.description, g.state, g.attempt_count,
       g.reconciled is 'unexpected' as is_unexpected,
       g.reconciled is 'missing' as is_missing, g.campaign_id, c.name,
       g.attempt_count = 0 or (g.reconciled is not 'unread' and coalesce(c.reconciled_at_ms, 0)
           >= coalesce((select max(at_ms) from event indexed by event_of_gift where gift_row = g.id), 0)) as is_looked_for,
       h.key as heir_key, h.campaign_id as heir_campaign
from gift g indexed by gift_key
join campaign c on c.id = g.campaign_id
left join gift h indexed by gift_key
     on h.key = (select unhex(replace(e.detail, '-', '')) from event e indexed by event_of_gift
                 where e.gift_row = g.id and e.word = 'withdrawn' and e.detail is not null)
where g.key in (select unhex(value) from json_each(?1))
