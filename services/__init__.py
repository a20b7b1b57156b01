"""One package per service; each owns its data and its rules, and tells the others by events only."""
