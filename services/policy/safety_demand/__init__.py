"""Demands for safety: what the insurer may ask where an agreed duty was not kept (保险法 art. 51)."""
