-- The next wallets to ask, after one.
select wallet_id from wallet_seen
where wanted = ?1 and asked_at_ms is null and wallet_id > ?2
order by wallet_id
limit ?3
