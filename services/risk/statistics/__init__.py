"""How much of what was planned is done, and how much of what was found is cured."""
