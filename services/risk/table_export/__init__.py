"""What of loss prevention may leave the system as a table."""
