-- What was learned of the provider's balances, which say whether a wallet's list is whole.

-- When a list was last seen to leave out a gift that exists and can be spent; null again once one was whole.
alter table provider add column left_out_at_ms integer;

-- When a balance was first seen not to count what expired unspent, and when one was seen to count it. The API page
-- says the former; where both were seen, a wallet with such a leftover proves nothing that needs it.
alter table provider add column without_expired_at_ms integer;
alter table provider add column with_expired_at_ms integer;
