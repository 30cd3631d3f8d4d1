-- What a preflight heard of wallets before any gift of theirs was loaded.

-- One asking. Answers are worth something only for the provider that gave them.
create table preflight (
    id                  integer primary key,
    origin              text    not null,  -- whom it asks
    begun_at_ms         integer not null,
    reuse_from_ms       integer not null   -- older answers are asked for anew
) strict;

-- The last that the provider said of a wallet. What is wanted is written down before anything is asked, so
-- that an asking which was killed goes on where it was, and nobody has to keep the wallets in memory.
create table wallet_seen (
    wallet_id           blob    primary key check (length(wallet_id) = 16),
    wanted              integer not null references preflight (id),    -- the last one that asked for it
    asked_at_ms         integer,           -- null: not asked yet, or not lately enough
    answer              text    check (answer in ('record', 'none', 'refused')),
    words               text,              -- of a refusal
    is_frozen           integer not null default 0 check (is_frozen in (0, 1)),
    frozen_until_ms     integer,
    is_deleted          integer not null default 0 check (is_deleted in (0, 1)),
    currency            text,
    constraint answer_if_asked check (asked_at_ms is null or answer is not null)
) strict, without rowid;

create index wallet_to_ask on wallet_seen (wanted, wallet_id) where asked_at_ms is null;
