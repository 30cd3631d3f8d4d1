-- Wallets that a preflight wants to know of. An answer that is too old, or of a time to come since a clock
-- was set back, is none. The row of `values` is written as often as there are wallets.
with wanted (wallet_id, preflight) as (
values (?, ?)
)
insert into wallet_seen (wallet_id, wanted)
select wallet_id, preflight from wanted where wallet_id is not null
on conflict (wallet_id) do update set
    wanted = excluded.wanted,
    asked_at_ms = (
        select asked_at_ms from preflight p
        where p.id = excluded.wanted and asked_at_ms between p.reuse_from_ms and p.begun_at_ms
    )
where wanted <> excluded.wanted
