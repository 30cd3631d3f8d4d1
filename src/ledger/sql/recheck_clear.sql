-- A command begins to look: what one before has seen no longer counts.
delete from rechecked
