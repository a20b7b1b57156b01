"""What loss prevention knows of policies and claims: its own copies, from the other services' events."""
