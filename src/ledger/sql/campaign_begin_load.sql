-- Opens a load: makes the campaign, or counts one more load of it. Sums follow at its end.
insert into campaign (name, first_loaded_at_ms, last_loaded_at_ms, load_count, header_json,
                      dialect_json, file_sha256, gift_count, total_minor, plan_digest, key_rule)
values (?1, ?2, ?2, 1, ?3, ?4, ?5, 0, 0, zeroblob(16), 2)
on conflict (name) do update set
    last_loaded_at_ms = excluded.last_loaded_at_ms, load_count = load_count + 1,
    header_json = excluded.header_json, dialect_json = excluded.dialect_json,
    file_sha256 = excluded.file_sha256
returning id, load_count, gift_count, plan_digest, key_rule
