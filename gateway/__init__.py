"""The door: who someone is, where they stand in the tree, what they may do; everything else is forwarded."""
