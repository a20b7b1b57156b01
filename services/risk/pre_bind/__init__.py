"""Visits before the contract: asked for by an application, made before it is decided."""
