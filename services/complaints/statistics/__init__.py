"""Counts of complaints by unit, cause, channel, product, person, stage and outcome."""
