"""The policy and its versions, here or in the core system."""
