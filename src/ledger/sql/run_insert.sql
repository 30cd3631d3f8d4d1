-- A process begins that may send.
insert into run (id, campaign_id, command, process_id, started_at_ms) values (?1, ?2, ?3, ?4, ?5)
