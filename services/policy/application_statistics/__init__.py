"""How applications are answered: decided, declined, by unit, product and reason."""
