-- Refused gifts and their money by class.
select error_class, count(*), sum(amount_minor) from gift
where campaign_id = ?1 and state = 'refused' group by error_class order by error_class
