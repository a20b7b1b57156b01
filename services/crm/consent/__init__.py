"""What a customer agreed to, and what he does not want."""
