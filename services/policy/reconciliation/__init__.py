"""The daily comparison with the core, its differences and how each was resolved."""
