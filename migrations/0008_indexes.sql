-- The indexes behind `unique` become indexes with names, so that a first load may make that of the keys
-- at its end, by sorting, and so that gifts which were not given stay out of that of the provider's ids:
-- each gift that is issued would first have to be taken out of it.

-- A named index is stored as the nameless one is. Only what the schema says of them changes, in the way
-- of the migration before.
pragma writable_schema = on;

-- That a row's cells are JSON is seen to where they become it: to parse them once more takes a tenth of
-- the time that SQLite has for a row.
update sqlite_schema set sql = replace(replace(replace(sql,
'cells_json          text    not null check (json_valid(cells_json))',
'cells_json          text    not null'),
'key                 blob    not null unique check',
'key                 blob    not null check'),
'gift_id             blob    unique check',
'gift_id             blob    check')
where type = 'table' and name = 'gift';

update sqlite_schema set name = 'gift_key', sql = 'CREATE UNIQUE INDEX gift_key on gift (key)'
where type = 'index' and name = 'sqlite_autoindex_gift_1';

update sqlite_schema set name = 'gift_given', sql = 'CREATE UNIQUE INDEX gift_given on gift (gift_id)'
where type = 'index' and name = 'sqlite_autoindex_gift_2';

pragma writable_schema = reset;

-- That of the keys is whole: a ledger's first load may take it away and make it anew at its end, from
-- src/ledger/sql/key_index_create.sql.

-- The provider's id is one gift's, for ever.
drop index gift_given;
create unique index gift_given on gift (gift_id) where gift_id is not null;
