"""What the customer said in a visit, and everything that follows from it."""
