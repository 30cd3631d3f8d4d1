-- The same without comparing the indexes with their tables: for a look that must not take long.
pragma quick_check(5)
