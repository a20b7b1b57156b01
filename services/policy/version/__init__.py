"""Versions made here: appended to a policy that this system issues, never changed afterwards."""
