-- Who a ledger is, what it holds, whether it is a copy, and how many of its campaigns wait for a reconcile
-- to find what an old copy had forgotten.
select l.ledger_id, l.created_at_ms, l.restored_at_ms,
       (select user_version from pragma_user_version) as is_copy,
       (select count(*) from campaign) as campaigns,
       (select count(*) from campaign c where c.recalled_count < l.restored_count
           and c.first_loaded_at_ms < l.restored_at_ms + 30 * 86400000) as forgotten,
       (select first_used_at_ms from provider) as first_used_at_ms,
       (select lists_proven_at_ms from provider) as lists_proven_at_ms
from ledger l
