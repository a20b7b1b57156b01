"""A value-added service for one customer: asked for, carried out, confirmed; within its quota and below the bar."""
