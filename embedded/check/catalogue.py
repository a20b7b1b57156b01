"""Every invariant that is judged today, in the order of their numbers."""

from __future__ import annotations

from embedded.check import cover, emissions, events, files, hygiene, lives, money, persons, references, trail
from embedded.check.invariants import Invariant

INVARIANTS: tuple[Invariant, ...] = tuple(
    sorted(
        (
            one
            for part in (emissions, events, money, persons, files, lives, cover, references, trail, hygiene)
            for one in part.INVARIANTS
        ),
        key=lambda one: int(one.id[1:]),
    )
)
