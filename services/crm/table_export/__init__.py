"""What of customers and their service may leave the system as a table."""
