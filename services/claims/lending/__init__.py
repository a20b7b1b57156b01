"""Lending the volume of a claim, and getting it back."""
