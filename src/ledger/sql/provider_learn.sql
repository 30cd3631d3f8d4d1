-- Remembers what a look showed of the provider's lists and balances. What is known already stays, but for what
-- lists leave out: a whole list takes that back, and one that shows a spent gift that they hide those.
update provider set lists_proven_at_ms = coalesce(lists_proven_at_ms, iif(?2, ?1, null)),
                    tags_shown_at_ms = coalesce(tags_shown_at_ms, iif(?3, ?1, null)),
                    references_shown_at_ms = coalesce(references_shown_at_ms, iif(?7, ?1, null)),
                    used_shown_at_ms = coalesce(used_shown_at_ms, iif(?4, ?1, null)),
                    used_hidden_at_ms = iif(?5, coalesce(used_hidden_at_ms, ?1), iif(?8, null, used_hidden_at_ms)),
                    left_out_at_ms = iif(?9, coalesce(left_out_at_ms, ?1), iif(?10, null, left_out_at_ms)),
                    without_expired_at_ms = coalesce(without_expired_at_ms, iif(?11, ?1, null)),
                    with_expired_at_ms = coalesce(with_expired_at_ms, iif(?12, ?1, null)),
                    longest_lag_ms = nullif(max(coalesce(longest_lag_ms, 0), ?6), 0)
