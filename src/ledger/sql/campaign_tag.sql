-- A campaign of which nothing was sent yet is tagged from now on; one that is stays so.
update campaign set is_tagged = 1
where id = ?1
  and (is_tagged = 1 or not exists (select 1 from gift where campaign_id = ?1
                                      and (attempt_count > 0 or gift_id is not null)))
