"""Who may be paid, how much, and by whom."""
