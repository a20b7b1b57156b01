"""A customer is nominated below and approved by the branch; so is every change of his tier, and his exit."""
