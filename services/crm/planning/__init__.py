"""When which customer is visited: after an issue, a settlement, a complaint; and when no longer."""
