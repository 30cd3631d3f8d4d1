-- What a dead run left in flight, in any campaign.
select id, attempt_count from gift indexed by gift_open where state = 'in_flight'
