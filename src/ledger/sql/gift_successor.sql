-- What took the place, in the same campaign, of a gift that was withdrawn for it.
select id, campaign_id, key, reference, wallet_id, amount_minor, expires_at_ms, description, state, attempt_count,
       reconciled is 'unexpected' as is_unexpected
from gift indexed by gift_key
where key = (select unhex(replace(e.detail, '-', '')) from event e indexed by event_of_gift
             where e.gift_row = ?1 and e.word = 'withdrawn' and e.detail is not null)
  and campaign_id = ?2
