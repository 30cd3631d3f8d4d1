-- Gifts of a campaign by what the last reconcile found.
select reconciled, count(*) from gift
where campaign_id = ?1 and reconciled is not null group by reconciled
