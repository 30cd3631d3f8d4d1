-- Remembers what a look showed of the provider's lists; what is known already stays.
update provider set lists_proven_at_ms = coalesce(lists_proven_at_ms, iif(?2, ?1, null)),
                    tags_shown_at_ms = coalesce(tags_shown_at_ms, iif(?3, ?1, null)),
                    references_shown_at_ms = coalesce(references_shown_at_ms, iif(?7, ?1, null)),
                    used_shown_at_ms = coalesce(used_shown_at_ms, iif(?4, ?1, null)),
                    used_hidden_at_ms = coalesce(used_hidden_at_ms, iif(?5, ?1, null)),
                    longest_lag_ms = nullif(max(coalesce(longest_lag_ms, 0), ?6), 0)
