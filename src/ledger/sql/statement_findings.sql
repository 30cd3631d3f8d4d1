-- All that stood at an audit of a campaign; balances only where it asked for them.
select gift_row, word, first_audit, detail from finding
where campaign_id = ?1 and first_audit <= ?2 and last_audit >= ?2 and (?3 or word != 'balance')
order by gift_row, word, first_audit
