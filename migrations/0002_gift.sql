-- One row of a campaign's file that asks for one gift. The only mutable table of the protocol:
-- every change of state goes through a compare-and-set on `state`.
create table gift (
    id                  integer primary key,
    campaign_id         integer not null references campaign (id),
    key                 blob    not null unique check (length(key) = 16),  -- UUID version 5; sent as ExternalReference
    reference           text,              -- the row's own reference, where the file has such a column
    line                integer not null,  -- in the file that brought it, as an editor counts
    first_load          integer not null,  -- campaign.load_count of the load that brought it
    last_load          integer not null,   -- ... of the last load whose file still had it
    wallet_id           blob    not null check (length(wallet_id) = 16),
    amount_minor        integer not null check (amount_minor > 0),
    expires_at_ms       integer,           -- null: never
    description         text    not null,
    cells_json          text    not null check (json_valid(cells_json)),  -- the row's cells as they were
    twin                blob    not null check (length(twin) = 16),  -- what no list can tell apart has one twin

    state               text    not null check (state in (
        'planned', 'in_flight', 'deferred', 'in_doubt', 'held',
        'issued', 'refused', 'cancelled', 'revoking', 'revoked')),
    ready_at_ms         integer,           -- may be sent from then on; 0 for a gift that was never sent
    attempt_count       integer not null default 0,
    doubt_count         integer not null default 0,  -- attempts that ended in doubt
    first_sent_at_ms    integer,           -- intent of the first attempt: no gift of ours is older
    settle_from_ms      integer,           -- when its sender had surely let go of the request
    gift_id             blob    unique check (length(gift_id) = 16),  -- the provider's id: one gift's, for ever
    issued_at_ms        integer,
    error_class         text,              -- groups refusals
    error_text          text,              -- the last thing that stood in the way
    reconciled          text check (reconciled in (
        'matched', 'missing', 'differs', 'duplicated', 'unexpected', 'unread')),
    reconciled_detail   text,              -- what differs, or the ids of the duplicates

    constraint ready_iff_sendable check (
        (ready_at_ms is not null) = (state in ('planned', 'deferred'))),
    constraint settle_from_iff_in_doubt check (
        (settle_from_ms is not null) = (state = 'in_doubt')),
    constraint gift_id_iff_given check (
        (gift_id is not null) = (state in ('issued', 'revoking', 'revoked'))),
    constraint issued_at_iff_given check (
        (issued_at_ms is not null) = (gift_id is not null)),
    constraint error_class_iff_refused check (
        (error_class is not null) = (state = 'refused')),
    constraint first_sent_iff_attempted check (
        (first_sent_at_ms is not null) = (attempt_count > 0)),
    constraint reconciled_only_with_text check (
        reconciled_detail is null or reconciled is not null)
) strict;

-- Serves the claim: what may be sent, the never sent first, in the order of the file.
create index gift_to_send on gift (campaign_id, ready_at_ms, id)
    where state in ('planned', 'deferred');

-- Serves everything that walks a campaign in the order of its rows.
create index gift_of_campaign on gift (campaign_id, id);

-- Serves settling and reconciling: all that we know of one wallet.
create index gift_of_wallet on gift (wallet_id);

-- Serves the start of a run, and keeps wallets with a doubt out of the claim.
create index gift_open on gift (state, wallet_id)
    where state in ('in_flight', 'in_doubt', 'revoking');

-- Identical gifts of one wallet go one at a time, so that no doubt can claim a twin's answer.
create unique index gift_one_open_twin on gift (twin)
    where state in ('in_flight', 'in_doubt', 'held');

-- What a gift is never changes: only what became of it does.
create trigger gift_content_is_frozen
before update of campaign_id, key, reference, wallet_id, amount_minor, expires_at_ms, description, twin on gift
begin
    select raise(abort, 'the content of a gift is frozen');
end;

create trigger gift_is_never_deleted
before delete on gift
begin
    select raise(abort, 'a gift is never deleted');
end;
