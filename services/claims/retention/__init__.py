"""What may be destroyed, and its destruction by two persons."""
