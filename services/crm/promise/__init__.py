"""What could not be answered at once: promised, extended once, paused while the customer must answer, climbing."""
