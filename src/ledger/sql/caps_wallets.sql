-- Wallets that would have been given more than ?5 since a moment, were all sent that the campaigns ?2 may
-- send now: what they were given, and what they would be. Refused gifts of the classes ?3 are sent too (an empty
-- list: of all), none where it is null. A sum is of the whole ledger, as in caps_given.
with day (wallet_id, given, open) as (
    select g.wallet_id, g.amount_minor, 0 from attempt a
    cross join gift g on g.id = a.gift_row and g.attempt_count = a.number
    where a.started_at_ms >= ?1
      and (g.state in ('issued', 'revoking', 'held')
           or (g.state in ('in_flight', 'in_doubt') and g.campaign_id not in (select value from json_each(?2))))
    union all
    select g.wallet_id, g.amount_minor, 0 from ledger l cross join gift g
    where l.restored_count > 0 and g.attempt_count = 0 and g.issued_at_ms >= ?1
      and g.state in ('issued', 'revoking')
    union all
    select wallet_id, 0, amount_minor from gift indexed by gift_of_campaign
    where campaign_id in (select value from json_each(?2))
      and (state in ('planned', 'deferred', 'in_flight', 'in_doubt')
           or (state = 'refused' and reconciled is not 'unexpected' and ?3 is not null
               and (?3 = '[]' or error_class in (select value from json_each(?3)))))
)
select wallet_id, sum(given), sum(open), count(*) over () from day
group by wallet_id having sum(open) > 0 and sum(given) + sum(open) > ?5
order by sum(given) + sum(open) desc, wallet_id limit ?4
