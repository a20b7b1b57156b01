"""What of claims may leave the system as a table."""
