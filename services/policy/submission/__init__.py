"""Submitting an application: complete, disclosed, acknowledged, signed by the customer."""
