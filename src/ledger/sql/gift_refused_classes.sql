-- Refused gifts and their money by class; apart (`there`), those that a reconcile found all the same.
select error_class, count(*), sum(amount_minor),
       sum(reconciled is 'unexpected'), sum(iif(reconciled is 'unexpected', amount_minor, 0))
from gift
where campaign_id = ?1 and state = 'refused' group by error_class order by error_class
