-- Gifts too many that were taken back: the provider had them, an audit found them, and no row of ours counts them. The
-- gift that each of them doubles stays issued, so that none of this is an event of that gift.
create table surplus (
    id                  integer primary key,
    gift_row            integer not null references gift (id),  -- the gift that it doubles
    remote_id           text    not null check (length(remote_id) = 36),  -- the provider's id of the one too many
    run_id              blob    not null references run (id),   -- whose intent it is
    began_at_ms         integer not null,  -- the durable intent to delete it: nothing was sent before
    ended_at_ms         integer,           -- when it was known what came of it; null: not yet
    word                text    check (word = 'gone' or word = 'stays'),
    detail              text,              -- why it stays
    constraint ended_with_a_word check ((ended_at_ms is null) = (word is null))
) strict;

-- One intent at a time.
create unique index surplus_begun on surplus (remote_id) where ended_at_ms is null;

-- Serves the story of a gift.
create index surplus_of_gift on surplus (gift_row);

-- What was begun is ended once, and nothing else of it ever changes.
create trigger surplus_is_ended_once before update on surplus
when old.ended_at_ms is not null or new.ended_at_ms is null
    or new.id is not old.id or new.gift_row is not old.gift_row or new.remote_id is not old.remote_id
    or new.run_id is not old.run_id or new.began_at_ms is not old.began_at_ms
begin
    select raise(abort, 'what was begun is ended once');
end;

create trigger surplus_is_never_deleted before delete on surplus
begin
    select raise(abort, 'what was taken back is never forgotten');
end;
