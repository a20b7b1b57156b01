"""Payment in advance of what can be ascertained, before the amount is fixed (保险法 art. 25)."""
