-- Those of some given gifts of which no audit has found anything.
update gift set reconciled = 'unread'
where campaign_id = ?1 and id between ?2 and ?3 and reconciled is null and gift_id is not null
  and state = 'issued'
