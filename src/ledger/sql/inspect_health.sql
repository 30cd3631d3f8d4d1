-- Whether every page, row, index and check of the file is as it should be; the first findings.
pragma integrity_check(20)
