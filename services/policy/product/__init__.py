"""Products: what may be sold, by version and day; terms in force are never edited."""
