-- Which of some keys have gifts. The row of `values` is written as often as there are keys.
with asked (key) as (
values (?)
)
select g.key from asked cross join gift g on g.key = asked.key
