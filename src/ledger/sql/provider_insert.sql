-- Binds the ledger to the provider it first issues to. A later one takes its place only while nothing
-- was ever sent: a mistyped URL binds nobody.
insert into provider (one, origin, first_used_at_ms) values (1, ?1, ?2)
on conflict (one) do update set origin = excluded.origin, first_used_at_ms = excluded.first_used_at_ms,
                                lists_proven_at_ms = null, used_shown_at_ms = null,
                                used_hidden_at_ms = null, left_out_at_ms = null,
                                without_expired_at_ms = null, with_expired_at_ms = null, longest_lag_ms = null,
                                tags_shown_at_ms = null, references_shown_at_ms = null
where origin <> excluded.origin
  and not exists (select 1 from gift where state not in ('planned', 'deferred'))
