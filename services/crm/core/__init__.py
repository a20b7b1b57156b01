"""The seam to the core policy system: customers as it states them."""
