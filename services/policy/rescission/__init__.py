"""Rescission for what was not told: the grounds, the two bars and the consequences (保险法 art. 16)."""
