"""What tests stand on: engines, databases, tokens, clock."""
