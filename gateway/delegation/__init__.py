"""Delegation (转授权): somebody acts for another, with named permissions, up to an amount, for a time."""
