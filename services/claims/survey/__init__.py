"""Dispatch of a surveyor and the loss survey."""
