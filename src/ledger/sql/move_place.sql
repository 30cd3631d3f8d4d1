-- The last event, which a move follows.
select coalesce(max(id), 0) from event
