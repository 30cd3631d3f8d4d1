-- What people want of a campaign while a run may be at it. The only table that a process adds to without
-- holding the run lock: whoever holds it reads it, and the claim of gifts looks at it in its own
-- transaction. What holds is the last wish of a campaign; nothing may be sent after `pause` or `cancel`.
create table wish (
    id                  integer primary key,
    campaign_id         integer not null references campaign (id),
    word                text    not null check (word = 'pause' or word = 'resume' or word = 'cancel'),
    at_ms               integer not null,
    by_whom             text    not null   -- the system's names of the user and of the machine
) strict;

create index wish_of_campaign on wish (campaign_id, id);

create trigger wish_is_append_only_update before update on wish
begin
    select raise(abort, 'wishes are append-only');
end;

create trigger wish_is_append_only_delete before delete on wish
begin
    select raise(abort, 'wishes are append-only');
end;

-- A cancelled campaign stays so, for ever.
create trigger wish_after_cancel before insert on wish
when exists (select 1 from wish w where w.campaign_id = new.campaign_id and w.word = 'cancel')
begin
    select raise(abort, 'the campaign is cancelled');
end;
