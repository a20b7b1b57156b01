"""The periods of a claim by law and by company rule, computed from its facts."""
