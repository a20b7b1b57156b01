"""Who takes first notices at which hour, and how many calls were answered."""
