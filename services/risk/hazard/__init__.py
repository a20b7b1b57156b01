"""Hazards: rating, rectification notice, follow-up."""
