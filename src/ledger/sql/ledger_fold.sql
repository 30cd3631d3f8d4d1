-- Folds the log into the ledger's file, as far as that can be without waiting for anybody.
pragma wal_checkpoint(passive)
