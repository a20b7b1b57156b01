"""A site over time: what each visit found, beside the one before."""
