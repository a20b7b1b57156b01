"""Notes between those who work on a record: kept with it, never sent to anybody outside."""
