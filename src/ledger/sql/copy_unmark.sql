-- What a copy that is put to use has forgotten is noticed: from then on it is a ledger like any other.
pragma user_version = 0
