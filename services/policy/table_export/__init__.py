"""What of the policy service may leave the system as a table."""
