"""Visits that somebody has planned beyond the rules, many at once."""
