"""The whole file of a claim as one archive with the hash of everything in it."""
