"""Messages to the core, and what it answered to each."""
