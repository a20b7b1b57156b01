"""What a cancellation gives back, computed when it is submitted and shown before it is decided."""
