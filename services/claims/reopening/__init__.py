"""A claim is opened again: with consent, counted, and without paying or counting anything twice."""
