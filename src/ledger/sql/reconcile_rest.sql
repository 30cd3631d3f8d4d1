-- Given gifts that a reconcile did not come to.
update gift set reconciled = 'unread'
where campaign_id = ?1 and reconciled is null and gift_id is not null and state = 'issued'
