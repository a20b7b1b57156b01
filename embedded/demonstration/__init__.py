"""The demonstration network: units, people, customers and policies, all invented, the same for the same seed."""
