"""Renewal: reminders before the end, and what sends a renewal to the level above without ever ending cover."""
