-- Whether gifts of a campaign would carry tags, were they asked for now (?2).
select is_tagged = 1 or (?2 and not exists (select 1 from gift where campaign_id = ?1
                                              and (attempt_count > 0 or gift_id is not null)))
from campaign where id = ?1
