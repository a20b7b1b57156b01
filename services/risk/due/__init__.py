"""Visits whose day comes: each stage is told exactly once, with the day it was due."""
