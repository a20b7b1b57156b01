"""Issue: an approved proposal becomes a policy with a number of its own and its first version."""
