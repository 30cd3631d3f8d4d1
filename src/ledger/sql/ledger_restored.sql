-- Notices that the ledger is an old copy. What an earlier copy had forgotten, and was not looked for
-- since, is forgotten still.
update ledger set restored_count = restored_count + 1, restored_at_ms = ?1, mark = ?3,
                  forgot_since_ms = min(coalesce(forgot_since_ms, ?2), ?2)
