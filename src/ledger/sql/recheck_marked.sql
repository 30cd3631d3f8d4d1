-- Which of these gifts an audit found all the same, though they were refused.
select id from gift where id in (select value from json_each(?1)) and reconciled = 'unexpected'
