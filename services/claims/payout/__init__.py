"""What becomes of an ordered payment: accepted, paid, failed, sent again."""
