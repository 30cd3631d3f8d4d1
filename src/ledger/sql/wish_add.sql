-- What somebody wants of a campaign from now on, unless the last one wanted the same, or it is cancelled.
insert into wish (campaign_id, word, at_ms, by_whom)
select ?1, ?2, ?3, ?4
where coalesce((select word from wish where campaign_id = ?1 order by id desc limit 1), 'resume')
      not in (?2, 'cancel')
