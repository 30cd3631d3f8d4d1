-- Where rows stand that this load brought, and their texts as they were written.
select key, line, reference, description from gift
where key in (select unhex(value) from json_each(?1)) and first_load = ?2
