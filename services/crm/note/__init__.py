"""Notes of colleagues on records of crm: kept with them, never sent to anybody outside."""
