-- The first gifts of a campaign of which the last reconcile found something that is not as it should be.
select g.id, c.name as campaign, g.key, g.line, g.reference, g.wallet_id, g.amount_minor,
       g.expires_at_ms, g.description, g.cells_json, g.state, g.attempt_count, g.gift_id,
       g.issued_at_ms, g.error_class, g.error_text, g.reconciled, g.reconciled_detail
from gift g indexed by gift_of_campaign join campaign c on c.id = g.campaign_id
where g.campaign_id = ?1 and g.reconciled is not null and g.reconciled <> 'matched' and g.reconciled <> 'expired'
order by g.id limit ?2
