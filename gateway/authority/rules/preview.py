"""What a table of limits changes against the one before it: row by row, and for whom it is more or less."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.authority import PLACES, AuthorityTable, LadderEntry

Place = tuple[str, str]
"""Level and kind of unit."""


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """One row that differs; `before` or `after` is None where the row is new or gone. `effect`: `gains`, `loses`, or
    `changes` where the limit is the same and the co-signature is not."""

    kind: str
    line: str
    level: str
    unit_kind: str
    position: str
    before: LadderEntry | None
    after: LadderEntry | None
    effect: str


@dataclass(frozen=True, slots=True)
class Affected:
    """A position at one kind of place, with the kinds of decision of which it may do more, and less."""

    level: str
    unit_kind: str
    position: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]


def changes(before: AuthorityTable | None, after: AuthorityTable) -> tuple[ChangedLine, ...]:
    """The rows that differ, in the order of levels; against no table before it every row is new."""
    old, new = _by_cell(before.entries if before else ()), _by_cell(after.entries)
    keys = sorted({*old, *new}, key=lambda key: (key[0], key[1], PLACES.index((key[2], key[3])), key[4]))
    return tuple(
        ChangedLine(*key, old.get(key), new.get(key), _effect(old.get(key), new.get(key)))
        for key in keys
        if old.get(key) != new.get(key)
    )


def _by_cell(rows: Iterable[LadderEntry]) -> dict[tuple[str, str, str, str, str], LadderEntry]:
    return {(row.kind, row.line, row.level, row.unit_kind, row.position): row for row in rows}


def _power(row: LadderEntry | None) -> tuple[bool, Decimal]:
    """Orders what a row allows; no row, and one that takes no part, is nothing."""
    if row is None or not row.takes_part:
        return False, Decimal(0)
    return row.limit is None, row.limit or Decimal(0)


def _alone(row: LadderEntry | None) -> tuple[bool, Decimal]:
    """Orders up to which amount one person is enough; without a co-signature that is the limit itself."""
    return (False, row.cosign.above) if row is not None and row.cosign else _power(row)


def _effect(before: LadderEntry | None, after: LadderEntry | None) -> str:
    for measure in (_power, _alone):
        if measure(before) != measure(after):
            return "gains" if measure(before) < measure(after) else "loses"
    return "changes"


def affected(found: Iterable[ChangedLine]) -> tuple[Affected, ...]:
    """Who gains and who loses, each position at each kind of place once."""
    sums: dict[tuple[str, str, str], tuple[set[str], set[str]]] = {}
    for one in found:
        gains, loses = sums.setdefault((one.level, one.unit_kind, one.position), (set(), set()))
        if one.effect != "changes":
            (gains if one.effect == "gains" else loses).add(f"{one.kind}.{one.line}")
    return tuple(
        Affected(*key, tuple(sorted(gains)), tuple(sorted(loses))) for key, (gains, loses) in sorted(sums.items())
    )


def predecessor(tables: Sequence[AuthorityTable], effective_from: date) -> AuthorityTable | None:
    """Of the published `tables` the one in force on the day before `effective_from`; None before the first."""
    earlier = [one for one in tables if one.effective_from < effective_from]
    return max(earlier, key=lambda one: one.effective_from, default=None)
