-- Some gifts of a campaign by state and by the first two digits of their amount, of so many digits.
select state, length(amount_minor) * 100 + substr(amount_minor, 1, 2) as cell,
       count(*), sum(amount_minor), min(amount_minor), max(amount_minor)
from gift indexed by gift_of_campaign
where campaign_id = ?1 and id between ?2 and ?3 group by state, cell
