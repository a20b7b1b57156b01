"""Plans, due dates and reports of inspections."""
