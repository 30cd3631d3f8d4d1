-- All campaigns, the newest first.
select id, name, first_loaded_at_ms, last_loaded_at_ms, load_count, header_json, dialect_json,
       file_sha256, gift_count, total_minor, plan_digest, content_digest, reconciled_at_ms
from campaign order by last_loaded_at_ms desc, id desc
