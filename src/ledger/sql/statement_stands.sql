-- By which event each gift of a campaign stood where it did after the first ?3 events of the ledger: gifts and
-- money by word, of the gifts that its first ?2 loads brought. Events are numbered from 1 without gaps.
select coalesce((select e.word from event e indexed by event_of_gift
                 where e.gift_row = g.id and e.id <= ?3 order by e.id desc limit 1), 'planned') as word,
       count(*), sum(g.amount_minor)
from gift g indexed by gift_of_campaign
where g.campaign_id = ?1 and g.first_load <= ?2 group by word
