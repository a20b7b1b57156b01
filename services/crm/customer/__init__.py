"""Customers and the identity they are known by."""
