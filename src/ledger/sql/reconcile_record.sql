-- What an audit found of a group of gifts.
update gift set reconciled = j.finding, reconciled_detail = j.detail
from (select value ->> 'row' as row, value ->> 'finding' as finding, value ->> 'detail' as detail
      from json_each(?1)) j
where gift.id = j.row
