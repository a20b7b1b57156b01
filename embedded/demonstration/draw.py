"""The one source of chance: each thing draws from a generator named after it, whatever was drawn before."""

from __future__ import annotations

from random import Random


def rng(*name: object) -> Random:
    """A generator that gives the same numbers for the same name, on every machine."""
    return Random("/".join(str(part) for part in name))  # noqa: S311 - invented data, no secret
