"""Surveys before cover: when one is needed, what came of it, and whether it may be relied on."""
