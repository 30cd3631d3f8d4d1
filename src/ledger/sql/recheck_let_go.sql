-- When the sender of a gift's last attempt had surely let go: the moment of the last event of it; none where it was
-- never sent.
select max(e.at_ms) from event e join gift g on g.id = e.gift_row
where e.gift_row = ?1 and g.attempt_count > 0 and e.attempt_number = g.attempt_count
