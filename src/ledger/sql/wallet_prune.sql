-- Answers that are too old for anybody, and wallets that were wanted before them and never answered; but what the
-- preflight at hand wants is kept.
delete from wallet_seen
where wanted <> ?1
  and wanted in (select id from preflight where begun_at_ms < ?2)
  and (asked_at_ms is null or asked_at_ms < ?2)
