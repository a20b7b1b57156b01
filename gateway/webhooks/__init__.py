"""Events pushed to addresses outside: registered, signed, sent in order, repeated, and logged."""
