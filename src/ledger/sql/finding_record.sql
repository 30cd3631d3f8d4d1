-- What an audit found, kept: what the audits since a late whole one found too goes on, all else begins. The row of
-- `values` is written as often as there are findings.
with found (campaign_id, gift_row, word, audit, since, detail) as (
values (?, ?, ?, ?, ?, ?)
)
insert into finding (campaign_id, gift_row, word, first_audit, last_audit, detail)
select f.campaign_id, f.gift_row, f.word,
       coalesce((select max(e.first_audit) from finding e
                 where e.campaign_id = f.campaign_id and e.gift_row = f.gift_row and e.word = f.word
                   and e.last_audit >= f.since and e.detail is f.detail), f.audit),
       f.audit, f.detail
from found f where f.gift_row is not null
on conflict (campaign_id, gift_row, word, first_audit) do update set last_audit = excluded.last_audit
