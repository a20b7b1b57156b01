"""What a survey says: the index of each unit, hidden where too few answered, and what it was before."""
