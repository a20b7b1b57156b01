"""Changes of the tree with their day: units open, are renamed, move, merge and close, and everything follows."""
