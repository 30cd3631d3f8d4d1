-- Those of some gifts that are not in their wallets as they were sent, as far as is known.
select g.id, (select name from campaign c where c.id = g.campaign_id) as campaign, g.key, g.line, g.reference,
       g.wallet_id, g.amount_minor, g.expires_at_ms, g.description, g.cells_json, g.state, g.attempt_count, g.gift_id,
       g.issued_at_ms, g.error_class, g.error_text, g.reconciled, g.reconciled_detail
from gift g
where g.id in (select value from json_each(?)) and (g.state <> 'issued' or g.reconciled is not 'matched')
order by g.id
