"""The spine of a claim: its states, its line and the duties people had on it."""
