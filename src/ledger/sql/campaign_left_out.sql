-- Rows that earlier files of the campaign had and this one has not.
select count(*), coalesce(sum(amount_minor), 0) from gift where campaign_id = ?1 and last_load < ?2
