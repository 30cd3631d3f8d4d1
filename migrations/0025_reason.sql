-- What the provider said last, or what stood in the way, where a run or a reconcile ended early for it: whoever comes
-- to look in the morning sees why without the log.
alter table run add column reason text;
alter table reconciliation add column reason text;
