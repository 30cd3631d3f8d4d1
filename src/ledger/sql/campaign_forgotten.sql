-- Whether a restored ledger may have forgotten gifts of the campaign, by the rule of campaign_forgot_since.sql; and
-- whether nothing else can have been forgotten: it began after that, or was reconciled since.
select c.first_loaded_at_ms >= l.restored_at_ms or coalesce(c.reconciled_at_ms, 0) >= l.restored_at_ms
from ledger l join campaign c on c.id = ?1
where c.recalled_count < l.restored_count
  and c.first_loaded_at_ms < l.restored_at_ms + 30 * 86400000
