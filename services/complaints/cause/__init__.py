"""Why customers complain: the tree of causes, and what is done so that the same complaint does not come twice."""
