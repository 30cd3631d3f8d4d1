-- A preflight begins.
insert into preflight (origin, begun_at_ms, reuse_from_ms) values (?1, ?2, ?3) returning id
