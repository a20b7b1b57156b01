"""Applications that nobody goes on with: a warning first, an announced end then, never silence."""
