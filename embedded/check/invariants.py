"""What an invariant is, and how a look at one is told: rows looked at, differences found, or nothing to look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from embedded.check.stores import Stores

SHOWN = 10
"""Differences written out for one invariant; the others are counted."""
_FETCHED = 1_000


@dataclass(slots=True)
class Found:
    """What one look saw."""

    rows: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        self.rows += other.rows
        self.differences += other.differences


Look = Callable[[Stores], Awaitable[Found]]


@dataclass(frozen=True)
class Invariant:
    """One sentence that holds over all stores, the looks that judge it, and how many rows make a look worth its name.

    Under row security a reader without rights sees nothing and would find nothing wrong: below `floor` rows the
    invariant counts as not judged.
    """

    id: str
    sentence: str
    looks: tuple[Look, ...]
    floor: int = 1


@dataclass(frozen=True)
class Judged:
    """An invariant and what was found of it."""

    invariant: Invariant
    rows: int
    differences: tuple[str, ...]

    @property
    def seen(self) -> bool:
        return self.rows >= self.invariant.floor

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it, also where there was nothing to look at (`seen`)."""
        return not self.differences

    def lines(self) -> Iterable[str]:
        """One line, and one more for each of the first differences."""
        verdict = (
            f"{len(self.differences)} differences" if self.differences else "ok" if self.seen else "nothing to check"
        )
        yield f"{self.invariant.id:<4} {self.rows:>8} rows  {verdict:<16} {self.invariant.sentence}"
        for one in self.differences[:SHOWN]:
            yield f"       - {one}"
        if len(self.differences) > SHOWN:
            yield f"       - and {len(self.differences) - SHOWN} more"


async def judge(invariant: Invariant, stores: Stores) -> Judged:
    """Take every look of one invariant."""
    found = Found()
    for look in invariant.looks:
        found.add(await look(stores))
    return Judged(invariant, found.rows, tuple(found.differences))


def sql(databases: str | Sequence[str], counted: str, wrong: str) -> Look:
    """A look inside single databases.

    `counted`: a query for the number of rows looked at. `wrong`: a query for one text for each difference.
    """
    names = (databases,) if isinstance(databases, str) else tuple(databases)

    async def look(stores: Stores) -> Found:
        found = Found()
        for name in names:
            found.rows += await stores.value(name, counted)
            rows = await stores.rows(name, f"select difference from ({wrong}) wrong (difference) limit {_FETCHED}")  # noqa: S608
            found.differences += [f"{name}: {row['difference']}" for row in rows]
        return found

    return look
