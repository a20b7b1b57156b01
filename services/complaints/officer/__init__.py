"""Which officers a branch has: at least one full-time, and deputies."""
