-- Gives a new ledger its identity; does nothing on an old one.
insert into ledger (one, ledger_id, created_at_ms) values (1, ?1, ?2)
on conflict (one) do nothing
