"""What customers are asked: editions that one person drafts and another approves."""
