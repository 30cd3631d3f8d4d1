-- The first step that made the tables of this file: other programs number theirs in the same way.
select description from _sqlx_migrations order by version limit 1
