-- Whether a reconcile of the campaign has ended since the last that happened to a gift, and has read its wallet.
select coalesce((select reconciled_at_ms from campaign where id = ?2), 0)
    >= coalesce((select max(at_ms) from event indexed by event_of_gift where gift_row = ?1), 0)
    and (select reconciled is not 'unread' from gift where id = ?1)
