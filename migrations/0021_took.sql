-- How long the provider took for an answer, from the moment when the request left until its answer was whole, or
-- until we let go of it. Null where nothing was sent for the event, and in events of before this step: from their
-- intent to their answer there may have been a long wait for a turn.
alter table event add column took_ms integer check (took_ms >= 0);
