-- What the ledger's gifts add up to, by the sums of its campaigns.
select coalesce(sum(total_minor), 0) from campaign
