-- The last gift of a campaign that was taken back, or whose deletion was begun.
select id from gift indexed by gift_of_campaign
where campaign_id = ?1 and state in ('revoked', 'revoking')
order by id desc limit 1
