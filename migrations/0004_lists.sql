-- What was learned of the provider's lists besides that they show gifts at all.

-- When one of them was first seen to show a gift of which something was spent.
alter table provider add column used_shown_at_ms integer;

-- When one of them was first seen to leave out a gift that exists and was used. From then on the
-- absence of a gift from a list proves nothing.
alter table provider add column used_hidden_at_ms integer;

-- The longest time until a gift came into view that an earlier list had left out. A settle window
-- must be longer, and is comfortable at twice that.
alter table provider add column longest_lag_ms integer check (longest_lag_ms > 0);
