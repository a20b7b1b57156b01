"""What the company writes to the complainant: its letters, with the facts they tell."""
