-- The same of those that a retry of the classes ?7 (an empty list: of all) would send first: what was never
-- sent, and what it reopens.
select 0 as turn, id, key, wallet_id, amount_minor, expires_at_ms, description, ?6 as is_tagged
from gift indexed by gift_of_campaign
where campaign_id = ?1 and ?2 = 0 and id > ?3 and (expires_at_ms is null or expires_at_ms > ?4)
  and (state = 'planned'
       or (state = 'refused' and reconciled is not 'unexpected'
           and (?7 = '[]' or error_class in (select value from json_each(?7)))))
order by id limit ?5
