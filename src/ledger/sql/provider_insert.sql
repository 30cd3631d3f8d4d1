-- Binds the ledger to the provider it first issues to; does nothing later.
insert into provider (one, origin, first_used_at_ms) values (1, ?1, ?2)
on conflict (one) do nothing
