"""What colleagues write to each other about a policy; never sent to anybody."""
