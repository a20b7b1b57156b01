"""Risk assessments: points, factors and at least one advice, signed and handed to the customer."""
