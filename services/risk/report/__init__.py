"""The report of a month as a page with charts."""
