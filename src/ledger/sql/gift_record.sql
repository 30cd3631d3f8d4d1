-- The outcomes of a group: compare-and-set on the state that each gift must still have.
update gift set
    state = j.next,
    ready_at_ms = j.ready_at,
    settle_from_ms = j.settle_from,
    doubt_count = doubt_count + j.doubts,
    gift_id = coalesce(j.gift_id, gift.gift_id),
    issued_at_ms = coalesce(j.issued_at, gift.issued_at_ms),
    error_class = j.error_class,
    error_text = j.error_text
from (
    select value ->> 'row' as row, value ->> 'state' as state, value ->> 'next' as next,
           value ->> 'ready_at' as ready_at, value ->> 'settle_from' as settle_from,
           value ->> 'doubts' as doubts, unhex(value ->> 'gift_id') as gift_id,
           value ->> 'issued_at' as issued_at, value ->> 'error_class' as error_class,
           value ->> 'error_text' as error_text
    from json_each(?1)
) j
where gift.id = j.row and gift.state = j.state
