"""Money that comes in while the insurer has not answered yet."""
