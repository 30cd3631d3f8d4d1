-- The gifts that were chosen become intents. A conflict undoes the whole transaction: SQLite then keeps no copy of
-- each page that this statement changes, to undo it alone.
update or rollback gift set state = 'in_flight', ready_at_ms = null, attempt_count = attempt_count + 1,
                            first_sent_at_ms = coalesce(first_sent_at_ms, ?)
where id in (select gift_row from claimed)
returning id, campaign_id, key, wallet_id, amount_minor, expires_at_ms, description, attempt_count, doubt_count,
          first_sent_at_ms, (select is_tagged from campaign c where c.id = campaign_id) as is_tagged
