"""Programs that show how other systems speak with Anlan."""
