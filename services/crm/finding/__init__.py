"""Findings read, followed up, and closed by what grew out of them."""
