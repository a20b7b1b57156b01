"""Cancellation: the contract ends with the notice, what is unearned goes back, open claims go on."""
