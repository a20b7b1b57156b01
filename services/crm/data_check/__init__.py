"""What is stored of a customer against what he says himself."""
