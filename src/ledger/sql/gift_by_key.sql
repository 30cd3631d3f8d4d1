-- One gift by its key.
select g.id, c.name as campaign, g.key, g.line, g.reference, g.wallet_id, g.amount_minor,
       g.expires_at_ms, g.description, g.cells_json, g.state, g.attempt_count, g.gift_id,
       g.issued_at_ms, g.error_class, g.error_text, g.reconciled, g.reconciled_detail
from gift g join campaign c on c.id = g.campaign_id where g.key = ?1
