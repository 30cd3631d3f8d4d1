-- What each audit that read every wallet counted, and how many findings of each kind are kept of it: a line a kind,
-- and one without a kind where none is kept.
select c.name, r.id, r.has_balances, r.counts_json, f.word, count(f.gift_row)
from reconciliation r
join campaign c on c.id = r.campaign_id
left join finding f on f.campaign_id = r.campaign_id and f.first_audit <= r.id and f.last_audit >= r.id
where r.counts_json is not null and r.outcome in ('finished', 'forgetful')
group by r.id, f.word
order by r.id
