-- Writes a whole copy, as of one moment, into an empty file; writers are not held up.
vacuum into ?1
