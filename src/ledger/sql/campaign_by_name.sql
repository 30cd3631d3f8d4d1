-- One campaign, by the name that people use.
select id, name, first_loaded_at_ms, last_loaded_at_ms, load_count, header_json, dialect_json,
       file_sha256, gift_count, total_minor, plan_digest, reconciled_at_ms
from campaign where name = ?1
