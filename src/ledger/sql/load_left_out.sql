-- Rows that earlier files of the campaign had and this one has not, by where they stand: what is
-- planned is still sent.
select state, count(*), sum(amount_minor) from gift
where campaign_id = ?1 and last_load < ?2 group by state
