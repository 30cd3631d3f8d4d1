-- Who we are, whom we give through, what is given, and who gave it when.
-- All times are milliseconds since 1970 in UTC; all money is in minor units (kuruş, cent).

-- The ledger itself: one row.
create table ledger (
    one                 integer primary key check (one = 1),
    ledger_id           blob    not null check (length(ledger_id) = 16), -- random; tells two ledgers apart
    created_at_ms       integer not null
) strict;

-- The provider that this ledger's gifts live at: at most one row, written by the first issue.
create table provider (
    one                 integer primary key check (one = 1),
    origin              text    not null,  -- scheme, host, port and base path of the wallet API
    first_used_at_ms    integer not null,
    -- When one of its lists was first seen to show a gift that we know of. Until then the absence of
    -- a gift from a list proves nothing.
    lists_proven_at_ms  integer
) strict;

create table campaign (
    id                  integer primary key,
    name                text    not null unique,
    first_loaded_at_ms  integer not null,  -- relative expiries (`30d`) count from here, for ever
    last_loaded_at_ms   integer not null,
    load_count          integer not null check (load_count > 0),
    header_json         text    not null check (json_valid(header_json)),   -- column names of the newest file
    dialect_json        text    not null check (json_valid(dialect_json)),  -- how that file was written
    file_sha256         text    not null check (length(file_sha256) = 64),  -- of the newest file's bytes
    gift_count          integer not null check (gift_count >= 0),
    total_minor         integer not null check (total_minor >= 0),
    -- Sum of the digests of all rows: the plan that a person confirms. Independent of their order.
    plan_digest         blob    not null check (length(plan_digest) = 16),
    reconciled_at_ms    integer            -- when a reconcile of it last ended; null before
) strict;

-- One load of a file into a campaign, never changed.
create table load (
    campaign_id         integer not null references campaign (id),
    number              integer not null check (number > 0),  -- campaign.load_count of that moment
    loaded_at_ms        integer not null,
    file_sha256         text    not null check (length(file_sha256) = 64),
    row_count           integer not null,
    -- Sum of the digests of the file's rows without keys and names: tells that another campaign was
    -- given the same file, whatever else it was given.
    content_digest      blob    not null check (length(content_digest) = 16),
    primary key (campaign_id, number)
) strict, without rowid;

create index load_of_content on load (content_digest);

-- One process that may send. A run without an end is alive, or was killed.
create table run (
    id                  blob    primary key check (length(id) = 16),  -- UUID version 7
    campaign_id         integer not null references campaign (id),
    command             text    not null,
    process_id          integer not null,
    started_at_ms       integer not null,
    ended_at_ms         integer,
    outcome             text,              -- the exit code's word
    constraint outcome_iff_ended check ((outcome is not null) = (ended_at_ms is not null))
) strict;
