"""A report finds its place afterwards: the policy it belongs to, and the unit that handles it."""
