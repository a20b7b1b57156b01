"""What happened to a customer, told by the events of all services."""
