"""Money for a justified complaint, beside the claim: proposed, decided by a chain of its own, paid."""
