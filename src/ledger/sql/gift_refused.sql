-- Refused gifts of a campaign, to be reopened; all classes where ?3 is null. One that a reconcile
-- found in its wallet all the same is there already, and never sent again; nor is one that was sent and not
-- looked for since.
select id, attempt_count from gift
where campaign_id = ?1 and state = 'refused' and id > ?2
  and reconciled is not 'unexpected'
  and (attempt_count = 0 or id in (select gift_row from rechecked))
  and (?3 is null or error_class in (select value from json_each(?3)))
order by id limit ?4
