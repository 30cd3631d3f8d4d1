-- The wallets that were given to last.
select wallet_id from gift where state = 'issued'
group by wallet_id order by max(issued_at_ms) desc, max(id) desc limit ?1
