"""What a contract's end or change costs or gives back, computed with its explanation and without any commitment."""
