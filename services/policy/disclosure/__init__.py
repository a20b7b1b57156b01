"""What the customer is told before he applies, what he acknowledges, and what he answers."""
