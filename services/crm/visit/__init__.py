"""Return visits: planning, attempts, answers and findings."""
