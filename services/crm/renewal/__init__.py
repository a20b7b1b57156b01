"""What time asks of a key account: the talk about renewal, the review of the year, the visits still owed."""
