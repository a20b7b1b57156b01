"""What the claim writes to people: its letters, with the facts they tell, and its short messages."""
