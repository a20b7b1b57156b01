"""Sorting, binding and sealing the papers of policies into volumes."""
