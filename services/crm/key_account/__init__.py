"""Key accounts: who they are by which figures, who looks after them, what they are owed."""
