"""Figures of the service, made of the news alone: each piece of news is kept, and the figures of its record follow."""
