"""How long volumes are kept, and their destruction by two persons."""
