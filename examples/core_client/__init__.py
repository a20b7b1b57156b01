"""A reference client for the core policy system: sends, repeats safely, compares, answers."""
