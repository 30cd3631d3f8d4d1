-- The next gifts of a campaign in one state, in the order of its rows, between two of them. The limit is a sum
-- because SQLite plans a statement anew for each value of a bare one.
select g.id, g.campaign_id, g.key, g.wallet_id, g.amount_minor, g.expires_at_ms, g.description, g.state,
       g.attempt_count, g.gift_id, g.issued_at_ms, g.first_sent_at_ms,
       (select is_tagged from campaign c where c.id = g.campaign_id) as is_tagged
from gift g indexed by gift_of_campaign
where g.campaign_id = ?1 and g.id > ?2 and g.id <= ?3 and g.state = ?4
order by g.id limit ?5 + 0
