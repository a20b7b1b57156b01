"""The customer's answer to terms that were offered."""
