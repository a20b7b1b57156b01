"""Who serves a customer: unit, team and manager, from one moment to another."""
