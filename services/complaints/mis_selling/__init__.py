"""Suspected mis-selling: handled by somebody who did not sell, and never closed without action."""
