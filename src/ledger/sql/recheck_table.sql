-- Refused gifts that were looked for and are not in their wallets: in the memory of the connection, for as long as the
-- command that looked lives.
create temp table if not exists rechecked (gift_row integer primary key)
