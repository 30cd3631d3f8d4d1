-- How many refused gifts of a campaign may be reopened, and their money, where at most ?3 are: those that gift_refused
-- gives, in its order.
select count(*), coalesce(sum(amount_minor), 0) from (
    select amount_minor from gift
    where campaign_id = ?1 and state = 'refused'
      and reconciled is not 'unexpected'
      and (attempt_count = 0 or id in (select gift_row from rechecked))
      and (?2 is null or error_class in (select value from json_each(?2)))
    order by id limit ?3
)
