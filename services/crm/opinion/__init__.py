"""What customers think and what they need: routed to whoever can answer, and answered back."""
