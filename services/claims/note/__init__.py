"""Notes between those who work on a claim: kept with it, never sent to anybody outside."""
