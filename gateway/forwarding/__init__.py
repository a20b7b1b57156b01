"""What is not the gateway's own goes to the one service that the route table names."""
