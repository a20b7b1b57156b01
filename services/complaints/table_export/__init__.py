"""What of complaints may leave the system as a table."""
