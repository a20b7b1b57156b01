"""Enquiries are taken in by any unit, by whichever channel."""
