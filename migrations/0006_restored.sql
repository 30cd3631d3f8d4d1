-- A ledger that was restored from an old copy has forgotten what was sent since. The file beside it
-- knows of a run that the ledger does not; see src/ledger/side_file.rs.

-- When that was noticed, and the last moment of which this ledger still knows.
alter table ledger add column restored_at_ms integer;
alter table ledger add column forgot_since_ms integer
    check ((forgot_since_ms is null) = (restored_at_ms is null));

-- When every wallet of the campaign was last read to find what such a ledger had forgotten. Before
-- that, and when it was longer ago than the last restoring, nothing of the campaign is sent.
alter table campaign add column recalled_at_ms integer;
