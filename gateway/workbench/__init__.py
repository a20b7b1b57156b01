"""One inbox over all services: work items with their legal due times, and counts of them."""
