-- A ledger that was restored from an old copy has forgotten what was sent since. The file beside it
-- knows of a run that the ledger does not; see src/ledger/side_file.rs.

-- How often that was noticed, when last, and the last moment of which this ledger still knows. Counted,
-- not only timed: a clock may be set back between the noticing and the reconcile that makes up for it.
alter table ledger add column restored_count integer not null default 0;
alter table ledger add column restored_at_ms integer;
alter table ledger add column forgot_since_ms integer
    check ((forgot_since_ms is null) = (restored_count = 0));

-- What the file names since then instead of a run: another old copy does not know it.
alter table ledger add column mark blob check (length(mark) = 16);

-- The ledger's count when every wallet of the campaign was last read to find what such a ledger had
-- forgotten; 0 again when rows are added. While it is behind, nothing of the campaign is sent.
alter table campaign add column recalled_count integer not null default 0;
