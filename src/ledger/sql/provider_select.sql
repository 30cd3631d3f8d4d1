-- The provider of this ledger's gifts, if any was issued yet, and what was learned of its lists.
select origin, lists_proven_at_ms is not null as show_gifts, tags_shown_at_ms is not null as show_tags,
       used_shown_at_ms is not null as show_used, used_hidden_at_ms is not null as hide_used,
       longest_lag_ms
from provider
