"""Surveys: the plan of the year, the survey from draft to its start and its end."""
