-- Makes the index of wallets anew; as in migrations/0007_checks.sql.
create index if not exists gift_of_wallet on gift (wallet_id, campaign_id)
