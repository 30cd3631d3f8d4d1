-- What happened to some gifts of a campaign: by time, by word, and by how long it took. An answer took as long as
-- its request was on its way, where that was measured; the end of a doubt took from the moment when the answer was
-- lost, or its sender dead. Of a time in milliseconds its number of digits and the first of them is told, as a
-- cell; -1: took no time, or none that is known.
with told as materialized (
    select (e.at_ms - ?4) / ?5 as place, e.word,
           case
           when e.word in ('confirmed', 'declined') then e.took_ms
           when e.word in ('found_issued', 'found_absent', 'stayed_unclear', 'resolved_issued',
                           'resolved_refused', 'resolved_retry') then
               e.at_ms - (select max(d.at_ms) from event d indexed by event_of_gift
                          where d.gift_row = e.gift_row and d.id < e.id
                            and d.word in ('answer_lost', 'orphaned'))
           end as took
    from gift g indexed by gift_of_campaign cross join event e indexed by event_of_gift on e.gift_row = g.id
    where g.campaign_id = ?1 and g.id between ?2 and ?3
)
select place, word,
       iif(took is null, -1, length(max(took, 0)) * 10 + substr(max(took, 0), 1, 1)) as cell,
       count(*), coalesce(max(took), 0)
from told group by place, word, cell
