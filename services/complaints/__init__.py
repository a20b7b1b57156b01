"""Complaints: owned by the branch, kept to their legal clock, decided by someone without interest."""
