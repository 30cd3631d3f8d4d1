-- What was said of some customers. The row of `values` is written as often as there are customers.
with asked (customer) as (
values (?)
)
select s.customer, s.total, s.has_any, s.words
from asked cross join holding_seen s on s.customer = asked.customer
where s.metals = ? and s.asked_at_ms is not null
