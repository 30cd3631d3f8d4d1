-- What an earlier reconcile saw of the use of some gifts no longer counts: their wallet was read.
delete from gift_use where gift_row in (select value from json_each(?))
