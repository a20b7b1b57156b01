"""What colleagues write to each other about a complaint; never sent to anybody."""
