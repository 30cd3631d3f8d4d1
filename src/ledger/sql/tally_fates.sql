-- The same by state, class of refusal, and what the last reconcile found.
select state, count(*), sum(amount_minor), error_class, reconciled from gift indexed by gift_of_campaign
where campaign_id = ?1 and id between ?2 and ?3 group by state, error_class, reconciled
