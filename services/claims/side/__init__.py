"""Decisions beside a claim's own life: what all of them have alike, from the request to the last step of the chain."""
