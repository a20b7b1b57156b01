"""Insured sites: where what is insured lies, registered by hand, visited by plan."""
