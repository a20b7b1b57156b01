"""The copy of one's own data that every person may ask for."""
