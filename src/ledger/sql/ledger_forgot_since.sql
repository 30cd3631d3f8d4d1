-- The last moment that the ledger knew of when it was noticed to be an old copy, if it ever was.
select forgot_since_ms from ledger
