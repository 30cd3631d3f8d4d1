-- What an earlier audit found of some gifts no longer counts: their wallet was read whole, and nothing was found of them.
-- That one is there against all expectation counts until it is proved gone by its id (the last value).
update gift set reconciled = null, reconciled_detail = null
where id in (select value from json_each(?)) and reconciled is not null and (reconciled <> 'unexpected' or ?)
