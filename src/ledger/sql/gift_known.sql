-- Which of some keys have gifts, and whether those may still be sent. The row of `values` is written as often as
-- there are keys.
with asked (key) as (
values (?)
)
select g.key, g.state in ('planned', 'deferred') from asked cross join gift g on g.key = asked.key
