-- What file was loaded, for the record and for the next one like it.
insert into load (campaign_id, number, loaded_at_ms, file_sha256, row_count, content_digest)
values (?1, ?2, ?3, ?4, ?5, ?6)
