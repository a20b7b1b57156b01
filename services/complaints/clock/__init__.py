"""The clock of a complaint: which rule applies, what extends, pauses or restarts its period."""
