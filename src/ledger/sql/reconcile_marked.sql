-- Gifts of a campaign that an audit found in their wallets against all expectation, and the provider's ids of them.
select id, reconciled_detail from gift indexed by gift_of_campaign
where campaign_id = ?1 and reconciled = 'unexpected'
