"""Accumulations: how much one event could cost within a radius or at one address. No map service is asked."""
