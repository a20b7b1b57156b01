"""What a claimant is told at once: the documents wanted and the steps to come."""
