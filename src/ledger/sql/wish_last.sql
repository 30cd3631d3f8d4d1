-- What holds for a campaign: the last wish, where there was one.
select word, at_ms, by_whom from wish where campaign_id = ?1 order by id desc limit 1
