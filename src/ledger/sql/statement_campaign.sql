-- A campaign as a statement tells of it.
select l.ledger_id, c.id, c.load_count, c.file_sha256, c.gift_count, c.total_minor, c.plan_digest
from campaign c cross join ledger l where c.name = ?1
