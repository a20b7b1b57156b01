"""What time alone does to risk control files: talks and reviews that are due, criteria that begin with a day."""
