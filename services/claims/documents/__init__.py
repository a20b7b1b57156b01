"""The documents of a claim and the one notice that may ask for more."""
