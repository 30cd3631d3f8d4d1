-- Rows that belong to rows which are not there.
pragma foreign_key_check
