-- What Minted Connect said of customers before any gift of theirs was loaded.

-- One asking. Answers are worth something only for the account that they were given to.
create table holding_check (
    id                  integer primary key,
    account             text    not null,  -- a name made of whom it asks and as who, which tells neither
    begun_at_ms         integer not null,
    reuse_from_ms       integer not null   -- older answers are asked for anew
) strict;

-- The last that was said of a customer. What is wanted is written down before anything is asked, so that an
-- asking which was killed goes on where it was, and nobody has to keep the customers in memory.
create table holding_seen (
    customer            text    not null,
    metals              text    not null,  -- in the alphabet's order, with commas between them
    wanted              integer not null references holding_check (id),     -- the last one that asked for it
    asked_at_ms         integer,           -- null: not asked yet, or not lately enough
    total               text,              -- an exact decimal; null: refused
    has_any             integer not null default 0 check (has_any in (0, 1)),
    words               text,              -- of a refusal
    primary key (customer, metals),
    constraint answer_if_asked check (asked_at_ms is null or (total is null) <> (words is null))
) strict, without rowid;

create index holding_to_ask on holding_seen (wanted, customer) where asked_at_ms is null;
