"""A customer at a glance: when we last spoke, what is open, what there is between us."""
