-- The provider of this ledger's gifts, if any was issued yet.
select origin, lists_proven_at_ms from provider
