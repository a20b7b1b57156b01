"""Lending volumes, and getting them back."""
