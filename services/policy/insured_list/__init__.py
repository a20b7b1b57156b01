"""Insured lists of any size, whole or as what changed."""
