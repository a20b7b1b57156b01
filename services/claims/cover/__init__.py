"""What claims knows of policies: its own copy of every version, from the policy service's events."""
