-- What audits found of a gift, the first time first, and when those audits began. A wallet's balance is no gift's.
select f.word, f.detail, f.first_audit, a.started_at_ms as first_at_ms, f.last_audit, b.started_at_ms as last_at_ms
from finding f
join reconciliation a on a.id = f.first_audit
join reconciliation b on b.id = f.last_audit
where f.campaign_id = (select campaign_id from gift where id = ?1) and f.gift_row = ?1 and f.word != 'balance'
order by f.first_audit, f.word
