"""Customers: who they are, how they were served, and what they answered when asked."""
