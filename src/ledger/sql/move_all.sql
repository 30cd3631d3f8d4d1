-- All moves of the provider, in the order of the chain.
select at_ms, from_origin, to_origin, gifts_seen, after_event, head from provider_move order by id
