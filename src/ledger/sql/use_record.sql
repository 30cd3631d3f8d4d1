-- What a reconcile saw of a group of gifts that were used, or do not say. The row of `values` is written as
-- often as there are gifts.
with seen (campaign_id, gift_row, remaining_minor, is_used, seen_at_ms) as (
values (?, ?, ?, ?, ?)
)
insert or replace into gift_use (campaign_id, gift_row, remaining_minor, is_used, seen_at_ms)
select campaign_id, gift_row, remaining_minor, is_used, seen_at_ms from seen where gift_row is not null
