-- What was claimed before.
delete from claimed
