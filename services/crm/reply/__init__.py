"""The answer, and how satisfied the customer is with it."""
