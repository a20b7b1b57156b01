"""All services' events for this caller: paged, live, and what is missing between outboxes and streams."""
