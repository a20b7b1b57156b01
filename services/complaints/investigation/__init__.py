"""Looking into a complaint, and longer periods or pauses where the rule allows them."""
