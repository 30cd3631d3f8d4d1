-- What was said of some customers. The row of `values` is written as often as there are customers.
with seen (customer, metals, asked_at_ms, total, has_any, words) as (
values (?, ?, ?, ?, ?, ?)
)
update holding_seen set
    asked_at_ms = seen.asked_at_ms,
    total = seen.total,
    has_any = seen.has_any,
    words = seen.words
from seen where holding_seen.customer = seen.customer and holding_seen.metals = seen.metals
