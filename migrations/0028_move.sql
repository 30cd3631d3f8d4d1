-- Each time the provider moved to another address, which the ledger's gifts were looked for at first. It is a link
-- of the chain of events: `head` covers it and all before it, and the next event covers it.
create table provider_move (
    id              integer primary key,
    at_ms           integer not null,
    from_origin     text    not null,
    to_origin       text    not null,
    gifts_seen      integer not null check (gifts_seen > 0),  -- ours that were there by their ids
    after_event     integer not null,  -- the last event before it; 0: there was none
    head            blob    not null check (length(head) = 32)
) strict;

create trigger provider_move_is_append_only_update before update on provider_move
begin
    select raise(abort, 'moves are append-only');
end;

create trigger provider_move_is_append_only_delete before delete on provider_move
begin
    select raise(abort, 'moves are append-only');
end;
