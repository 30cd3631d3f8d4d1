-- What finance asks a month later: who ran what, by which settings, and how much of the gifts was used.

-- Whoever started it, as the operating system names the user; null where it does not say.
alter table run add column os_user text;

-- What it went by: rate, settle window and so on, never a secret.
alter table run add column settings_json text check (settings_json is null or json_valid(settings_json));

alter table load add column os_user text;

-- One reconcile of a campaign. It sends nothing, so it is no run; without an end it is under way, or was
-- killed.
create table reconciliation (
    id                  integer primary key,
    campaign_id         integer not null references campaign (id),
    command             text    not null,
    process_id          integer not null,
    started_at_ms       integer not null,
    ended_at_ms         integer,
    outcome             text,
    os_user             text,
    settings_json       text check (settings_json is null or json_valid(settings_json)),
    constraint outcome_iff_ended check ((outcome is not null) = (ended_at_ms is not null))
) strict;

create index reconciliation_of_campaign on reconciliation (campaign_id, id);

-- How much of a gift is left, as the campaign's last reconcile saw it. Only what was used, or does not say:
-- a gift that a reconcile found and that has no row here was seen whole. So nearly all of them cost nothing.
create table gift_use (
    campaign_id         integer not null references campaign (id),
    gift_row            integer not null references gift (id),
    remaining_minor     integer,           -- null: the provider does not say how much is left
    is_used             integer not null check (is_used in (0, 1)),
    seen_at_ms          integer not null,
    primary key (campaign_id, gift_row)
) strict, without rowid;
