-- Forgets what nobody will use any more: answers, and questions that were never asked, from before a time.
delete from holding_seen
where coalesce(asked_at_ms, (select begun_at_ms from holding_check c where c.id = wanted)) < ?1
