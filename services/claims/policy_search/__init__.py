"""Policies that a person, a phone, an identity number, a plate or a project point to."""
