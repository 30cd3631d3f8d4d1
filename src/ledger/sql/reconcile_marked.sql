-- Gifts of a campaign that may be there against all expectation, or once too often: those that an audit found so, with the
-- provider's ids, and those that were sent and refused, or taken back, with the moment of the last word about them.
select id, case when reconciled in ('unexpected', 'duplicated') then reconciled_detail end,
       case when state = 'revoked' or (state = 'refused' and first_sent_at_ms is not null)
            then (select max(at_ms) from event indexed by event_of_gift where gift_row = gift.id) end
from gift indexed by gift_of_campaign
where campaign_id = ?1 and (reconciled in ('unexpected', 'duplicated') or state in ('refused', 'revoked'))
