"""Applications of customers: proposals, endorsements, cancellations, from the first word to the answer."""
