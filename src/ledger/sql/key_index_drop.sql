-- The first large load of a ledger puts keys into their index in order, at its end, and not one by one at
-- random.
drop index if exists gift_key
