-- The provider has another address. What its lists allow is learned anew there; what they were seen to leave out stays.
update provider set origin = ?1, lists_proven_at_ms = ?2, tags_shown_at_ms = null, references_shown_at_ms = null,
                    used_shown_at_ms = null, without_expired_at_ms = null, with_expired_at_ms = null
