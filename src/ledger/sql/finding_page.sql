-- The next findings that stood at an audit, in the order of the campaign's rows; of one kind, or of all. Where ?8 is
-- true, without gifts too many that were taken back since.
select f.gift_row, f.word, f.first_audit, f.last_audit, f.detail,
       g.key, g.wallet_id, g.amount_minor, g.gift_id, g.line
from finding f cross join gift g on g.id = f.gift_row
where f.campaign_id = ?1 and f.first_audit <= ?2 and f.last_audit >= ?2 and (?3 is null or f.word = ?3)
  and (not ?8 or f.word <> 'duplicated' or g.reconciled is 'duplicated')
  and (f.gift_row, f.word, f.first_audit) > (?4, ?5, ?6)
order by f.gift_row, f.word, f.first_audit limit ?7
