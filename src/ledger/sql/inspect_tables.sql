-- How many tables a file has, and whether one of them is that of our steps.
select count(*), count(*) filter (where name = '_sqlx_migrations') from sqlite_schema where type = 'table'
