"""What one subject of a service adds to the walk over its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """The members of a world of routes, as far as one subject knows them."""

    known: dict[str, str] = field(default_factory=dict)
    better: dict[str, dict[str, str]] = field(default_factory=dict)
    bodies: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    creations: dict[str, Callable[[bool], Any]] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)

    def __or__(self, other: Part) -> Part:
        return Part(
            {**self.known, **other.known}, {**self.better, **other.better}, {**self.bodies, **other.bodies},
            {**self.creations, **other.creations}, {**self.summaries, **other.summaries},
        )  # fmt: skip
