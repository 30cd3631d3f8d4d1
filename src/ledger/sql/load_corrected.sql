-- New rows of wallets, beside what those wallets have of earlier files: what left the file, or all of it
-- where ?3 is set. What is surely not given and not sent any more is nobody's double. The new rows of a
-- wallet come last. ?4: nothing left the file.
select wallet_id, first_load = ?2 as is_new, ?4 or last_load = ?2 as is_here, line, amount_minor, expires_at_ms,
       description, reference, state
from gift indexed by gift_of_campaign
where campaign_id = ?1
  and (first_load = ?2
       or ((?3 or (last_load < ?2 and not ?4))
           and (state not in ('refused', 'cancelled', 'revoked') or reconciled is 'unexpected')
           and wallet_id in (select wallet_id from gift indexed by gift_of_campaign
                             where campaign_id = ?1 and first_load = ?2)))
order by wallet_id, is_new, id
