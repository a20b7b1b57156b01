"""Risk control files of customers with high, concentrated or frequent risk."""
