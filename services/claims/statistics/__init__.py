"""Counts, sums, times and shares of claims by unit, product and month."""
