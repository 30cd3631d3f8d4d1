-- Keeps a move of the provider, behind the last event.
insert into provider_move (at_ms, from_origin, to_origin, gifts_seen, after_event, head)
values (?1, ?2, ?3, ?4, ?5, ?6)
