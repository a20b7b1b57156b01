"""The review: asked for within its period, decided by the superior unit and by other persons."""
