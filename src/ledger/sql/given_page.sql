-- The next gifts of a campaign that exist at the provider, as far as we know, in the order of its rows.
select g.id, g.campaign_id, g.key, g.wallet_id, g.amount_minor, g.expires_at_ms, g.description, g.state,
       g.attempt_count, g.gift_id, g.issued_at_ms, g.first_sent_at_ms,
       (select is_tagged from campaign c where c.id = g.campaign_id) as is_tagged
from gift g indexed by gift_of_campaign
where g.campaign_id = ? and g.id > ? and g.state in ('issued', 'revoking')
order by g.id limit ? + 0
