"""Adjustment: the assessed facts of a claim and the calculation sheets that follow from them."""
