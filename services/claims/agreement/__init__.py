"""What is agreed and what the claimant is told: settlement agreements, notices of the result, explanations."""
