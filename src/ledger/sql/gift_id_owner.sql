-- Which of these provider's ids some gift of the ledger has already.
select g.gift_id from gift g
where g.gift_id in (select unhex(value) from json_each(?1))
