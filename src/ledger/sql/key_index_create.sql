-- Makes the index of keys anew; as in migrations/0008_indexes.sql. Fails where two gifts have one key.
create unique index if not exists gift_key on gift (key)
