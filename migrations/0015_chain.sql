-- The events are a chain: what stands here covers the event and all before it, so that none of them can be
-- changed, left out or added later without a trace. Of events that were recorded together the last has it.
-- Events from before this step have none; the first one after them covers them.
alter table event add column head blob check (length(head) = 32);
