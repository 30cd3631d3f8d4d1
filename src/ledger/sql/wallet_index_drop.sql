-- The first large load of a ledger puts wallets into their index in order, at its end, and not one by one
-- at random.
drop index if exists gift_of_wallet
