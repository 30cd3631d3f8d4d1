-- Customers that an asking wants to know of. An answer that is too old, or of a time to come since a clock was
-- set back, is none. The row of `values` is written as often as there are customers.
with wanted (customer, metals, holding_check) as (
values (?, ?, ?)
)
insert into holding_seen (customer, metals, wanted)
select customer, metals, holding_check from wanted where customer is not null
on conflict (customer, metals) do update set
    wanted = excluded.wanted,
    asked_at_ms = (
        select asked_at_ms from holding_check c
        where c.id = excluded.wanted and asked_at_ms between c.reuse_from_ms and c.begun_at_ms
    )
where wanted <> excluded.wanted
