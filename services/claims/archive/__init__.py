"""Closing a claim and keeping its one volume."""
