-- What happened, in order, never changed. `gift` says where a gift stands; these say how it came there.

-- One POST each, written before it is sent: the durable intent.
create table attempt (
    gift_row            integer not null references gift (id),
    number              integer not null check (number > 0),
    run_id              blob    not null references run (id),
    started_at_ms       integer not null,
    primary key (gift_row, number)
) strict, without rowid;

-- Every change of state but the start of an attempt, which `attempt` holds.
create table event (
    id                  integer primary key,
    gift_row            integer not null references gift (id),
    attempt_number      integer not null,  -- the attempt it is about; 0 before the first
    run_id              blob    references run (id),  -- null: outside a run
    at_ms               integer not null,
    word                text    not null,
    detail              text               -- gift id, class and words of a refusal, or why
) strict;

create index event_of_gift on event (gift_row);

create trigger attempt_is_append_only_update before update on attempt
begin
    select raise(abort, 'attempts are append-only');
end;

create trigger attempt_is_append_only_delete before delete on attempt
begin
    select raise(abort, 'attempts are append-only');
end;

create trigger event_is_append_only_update before update on event
begin
    select raise(abort, 'events are append-only');
end;

create trigger event_is_append_only_delete before delete on event
begin
    select raise(abort, 'events are append-only');
end;
