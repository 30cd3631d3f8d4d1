-- How many gifts of the campaigns ?1 a run may send that sends ?3 at most, and their money at most: the largest
-- are counted. Refused gifts are those of the classes ?2, as in caps_wallets.
select count(*), coalesce(sum(amount_minor), 0) from (
    select amount_minor from gift indexed by gift_of_campaign
    where campaign_id in (select value from json_each(?1))
      and (state in ('planned', 'deferred', 'in_flight', 'in_doubt')
           or (state = 'refused' and reconciled is not 'unexpected' and ?2 is not null
               and (?2 = '[]' or error_class in (select value from json_each(?2)))))
    order by amount_minor desc limit ?3
)
