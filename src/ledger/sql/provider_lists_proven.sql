-- Remembers that a list showed a gift that we know of; the first sighting counts.
update provider set lists_proven_at_ms = coalesce(lists_proven_at_ms, ?1)
