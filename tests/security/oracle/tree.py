"""A tree of two branches and a half, kept by who stands under whom; paths are names, and nothing is read from them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.security.oracle.posts import BRANCH, CENTRAL, HEAD, LOCAL, SUB


@dataclass(frozen=True)
class House:
    """A unit: where it stands in the house, its address, and the unit above it."""

    name: str
    place: int
    address: str
    above: str | None


HOUSES = {
    one.name: one
    for one in (
        House("head", HEAD, "00", None),
        House("north", BRANCH, "00.32", "head"),
        House("north own", LOCAL, "00.32.3200", "north"),
        House("north a", CENTRAL, "00.32.3201", "north"),
        House("north a1", SUB, "00.32.3201.320101", "north a"),
        House("north a2", SUB, "00.32.3201.320102", "north a"),
        House("north b", CENTRAL, "00.32.3202", "north"),
        House("north b1", SUB, "00.32.3202.320201", "north b"),
        House("south", BRANCH, "00.33", "head"),
        House("south own", LOCAL, "00.33.3300", "south"),
        House("south a", CENTRAL, "00.33.3301", "south"),
        House("south a1", SUB, "00.33.3301.330101", "south a"),
        # its address begins with the letters of another one's, and so do those below it
        House("lookalike", BRANCH, "00.321", "head"),
        House("lookalike a", CENTRAL, "00.321.32101", "lookalike"),
    )
}


def way_up(name: str) -> list[str]:
    """The unit and everything above it, the nearest first."""
    found, at = [], HOUSES[name]
    while True:
        found.append(at.name)
        if at.above is None:
            return found
        at = HOUSES[at.above]


def sees(reader: str, owner: str) -> bool:
    """Whoever works at `reader` sees the records of `owner`: its own and those of every unit under it."""
    return reader in way_up(owner)


def relation(reader: str, owner: str) -> str:
    """What `owner` is to `reader`: self, child, grandchild, parent, sibling, … up to another branch."""
    up, other = way_up(owner), way_up(reader)
    if reader in up:
        return ("self", "child", "grandchild", "great-grandchild")[up.index(reader)]
    if owner in other:
        return ("self", "parent", "grandparent", "great-grandparent")[other.index(owner)]
    shared = next(one for one in up if one in other)
    return f"{other.index(shared)} up, {up.index(shared)} down"
