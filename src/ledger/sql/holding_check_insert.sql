-- An asking for what customers hold begins.
insert into holding_check (account, begun_at_ms, reuse_from_ms) values (?1, ?2, ?3) returning id
