"""Who takes enquiries at a unit, full or part time, and at which hours."""
