"""Rectification notices: what was found wrong, told in writing and served with a receipt."""
