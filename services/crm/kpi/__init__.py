"""Service figures of a unit and a period, each with the records behind it; nothing is entered by hand."""
