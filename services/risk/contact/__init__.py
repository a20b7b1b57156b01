"""The log of talks with customers about their safety."""
