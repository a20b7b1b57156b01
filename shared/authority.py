"""Authority by amount (分级管理): the arithmetic of a table of limits, on values alone.

A table states for every kind of decision, line of business, level and kind of unit which position decides up to which
amount. From it follows the chain of a record: every unit from the handling one upward gives its opinion, the first
whose limit covers the amount decides. Amounts are yuan, limits are inclusive; a limit of 0.00 is no power to decide at
all, not even over 0.00. Levels are ordered sub-branch, central branch, branch, head office.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from shared.money import ZERO, yuan

LEVELS = ("sub_branch", "central_branch", "branch", "head_office")
PLACES = (
    ("sub_branch", "standard"),
    ("central_branch", "standard"),
    ("central_branch", "branch_local"),
    ("branch", "standard"),
    ("head_office", "standard"),
)
"""Level and kind of every unit there can be; `branch_local` is the branch as operating unit of its own city."""
LINES = ("liability", "accident")
KINDS = (
    "claim_payment",
    "underwriting_limit",
    "ex_gratia",
    "advance",
    "recovery_waiver",
    "premium_refund",
    "complaint_compensation",
)


def rank(level: str) -> int:
    """Position of `level` from the lowest, 0 to 3; `ValueError` if there is no such level."""
    return LEVELS.index(level)


def covers(path: str, scope: str) -> bool:
    """Whether the unit at `path` is the one at `scope` or lies below it: `00.32` does not cover `00.321`."""
    return bool(scope) and (path == scope or path.startswith(scope + "."))


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the tree; `path` is dotted digits from the head office down."""

    code: str
    path: str
    level: str
    kind: str = "standard"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that an appointment may decide, in yuan; `amount` None is without limit."""

    kind: str
    line: str
    amount: Decimal | None

    def covers(self, amount: Decimal) -> bool:
        """Whether `amount` (yuan) may be decided; inclusive. A limit of 0.00 covers nothing."""
        return self.amount is None or (self.amount > 0 and amount <= self.amount)


@dataclass(frozen=True, slots=True)
class Cosign:
    """Above `above` yuan the last step is open until `n` persons have signed, each from one of the positions `of`."""

    above: Decimal
    n: int
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LadderEntry:
    """One row. `takes_part` False: the position does not exist at this level, which is then no step of a chain."""

    kind: str
    line: str
    level: str
    unit_kind: str
    position: str
    limit: Decimal | None
    cosign: Cosign | None = None
    takes_part: bool = True

    @property
    def bound(self) -> Limit:
        return Limit(self.kind, self.line, self.limit)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> LadderEntry:
        """From a row as files, answers and events carry it; `KeyError` or `ArithmeticError` where it is unreadable."""
        limit = row.get("limit")
        if (limit is None) != bool(row.get("unlimited", False)):
            raise KeyError("limit")
        asked = row.get("cosign")
        return cls(
            kind=row["kind"],
            line=row["line"],
            level=row["level"],
            unit_kind=row["unit_kind"],
            position=row["position"],
            limit=None if limit is None else Decimal(limit),
            cosign=Cosign(Decimal(asked["above"]), int(asked["n"]), tuple(asked["of"])) if asked else None,
            takes_part=bool(row.get("takes_part", True)),
        )

    def row(self) -> dict[str, Any]:
        """The inverse of `of`, ready for JSON."""
        asked = self.cosign
        return {
            "kind": self.kind,
            "line": self.line,
            "level": self.level,
            "unit_kind": self.unit_kind,
            "position": self.position,
            **({"unlimited": True} if self.limit is None else {"limit": yuan(self.limit)}),
            **({"cosign": {"above": yuan(asked.above), "n": asked.n, "of": list(asked.of)}} if asked else {}),
            **({} if self.takes_part else {"takes_part": False}),
        }


def _width(limit: Limit) -> tuple[bool, Decimal]:
    """Orders limits, the unlimited last."""
    return limit.amount is None, limit.amount or ZERO


_Cell = tuple[str, str, str, str]


@dataclass(frozen=True)
class AuthorityTable:
    """One version of all limits, in force from the day `effective_from` until the day before its successor."""

    version: str
    effective_from: date
    entries: tuple[LadderEntry, ...]
    _cells: dict[_Cell, list[LadderEntry]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cells: dict[_Cell, list[LadderEntry]] = {}
        for entry in self.entries:
            cells.setdefault((entry.kind, entry.line, entry.level, entry.unit_kind), []).append(entry)
        object.__setattr__(self, "_cells", cells)

    @classmethod
    def of(cls, version: str, effective_from: date, rows: Iterable[Mapping[str, Any]]) -> AuthorityTable:
        return cls(version, effective_from, tuple(LadderEntry.of(row) for row in rows))

    def cell(self, kind: str, line: str, level: str, unit_kind: str = "standard") -> list[LadderEntry]:
        """All rows of one kind × line × level × kind of unit: that of the decider and those of co-signers."""
        return self._cells.get((kind, line, level, unit_kind), [])

    def deciders(self, kind: str, line: str, level: str, unit_kind: str = "standard") -> list[LadderEntry]:
        """The rows of a cell that decide: the others are of positions which only a co-signature names."""
        rows = self.cell(kind, line, level, unit_kind)
        named = {position for row in rows if row.cosign for position in row.cosign.of}
        return [row for row in rows if row.cosign or row.position not in named]


def in_force(tables: Iterable[AuthorityTable], day: date) -> AuthorityTable | None:
    """The table that counts on `day`; None before the first."""
    begun = [table for table in tables if table.effective_from <= day]
    return max(begun, key=lambda table: table.effective_from, default=None)


def limit_of(table: AuthorityTable, kind: str, line: str, unit: Unit) -> LadderEntry:
    """The deciding row for `unit`; `LookupError` if the table does not state exactly one."""
    rows = table.deciders(kind, line, unit.level, unit.kind)
    if len(rows) != 1:
        raise LookupError(f"table {table.version} has {len(rows)} rows for {kind} {line} {unit.level} {unit.kind}")
    return rows[0]


@dataclass(frozen=True, slots=True)
class ChainStep:
    """A step of a chain. `signers` is (position,) save where the deciding row asks for N of M: then all the M."""

    level: str
    unit: Unit
    position: str
    kind: Literal["opinion", "decision"]
    limit: Limit
    signers: tuple[str, ...]
    needed: int = 1


def _taking_part(table: AuthorityTable, kind: str, line: str, units: Iterable[Unit]) -> list[tuple[Unit, LadderEntry]]:
    rows = [(unit, limit_of(table, kind, line, unit)) for unit in sorted(units, key=lambda one: -one.path.count("."))]
    return [(unit, row) for unit, row in rows if row.takes_part]


def _deciding(steps: list[tuple[Unit, LadderEntry]], amount: Decimal, lowest_level: str | None, levels_up: int) -> int:
    lowest = rank(lowest_level) if lowest_level else 0
    for at, (unit, row) in enumerate(steps):
        if row.bound.covers(amount) and rank(unit.level) >= lowest:
            return min(at + levels_up, len(steps) - 1)
    raise LookupError("no unit on the path may decide: the path does not reach the head office")


def chain(
    table: AuthorityTable,
    kind: str,
    line: str,
    amount: Decimal,
    units_on_path: Iterable[Unit],
    lowest_level: str | None = None,
    *,
    levels_up: int = 0,
) -> tuple[ChainStep, ...]:
    """Who acts on `amount` (yuan), in order: all but the last give an opinion, the last decides.

    `units_on_path` are the existing units from the handling one up to the head office. `lowest_level` is the lowest
    level that may decide for reasons other than the amount; `levels_up` then lifts the decision further, as far as the
    path goes. `LookupError` if no unit on the path may decide.
    """
    steps = _taking_part(table, kind, line, units_on_path)
    last = _deciding(steps, amount, lowest_level, levels_up)
    opinions = tuple(
        ChainStep(unit.level, unit, row.position, "opinion", row.bound, (row.position,)) for unit, row in steps[:last]
    )
    unit, row = steps[last]
    asked = row.cosign if row.cosign and amount > row.cosign.above else Cosign(ZERO, 1, (row.position,))
    return (*opinions, ChainStep(unit.level, unit, row.position, "decision", row.bound, asked.of, asked.n))


def could_decide(
    table: AuthorityTable,
    kind: str,
    line: str | None,
    amount: Decimal,
    units_on_path: Iterable[Unit],
    lowest_level: str | None = None,
    *,
    levels_up: int = 0,
) -> tuple[tuple[Unit, LadderEntry], ...]:
    """The positions at units on the path that may decide `amount` (yuan), nearest first.

    Without a `line` the more generous line counts at each unit: whoever asks does not know the record.
    """
    units = list(units_on_path)
    found: dict[str, tuple[Unit, LadderEntry]] = {}
    for one in LINES if line is None else (line,):
        steps = _taking_part(table, kind, one, units)
        for unit, row in steps[_deciding(steps, amount, lowest_level, levels_up) :]:
            held = found.get(unit.path)
            if row.bound.covers(amount) and (held is None or _width(held[1].bound) < _width(row.bound)):
                found[unit.path] = (unit, row)
    return tuple(sorted(found.values(), key=lambda pair: -pair[0].path.count(".")))


def caller_limits(table: AuthorityTable, position: str, level: str, unit_kind: str = "standard") -> tuple[Limit, ...]:
    """What `position` may decide or co-sign at such a unit, one limit for each kind and line that has a row."""
    cells = [(kind, line) for kind in KINDS for line in LINES]
    rows = [row for kind, line in cells for row in table.cell(kind, line, level, unit_kind) if row.position == position]
    return tuple(row.bound for row in rows if row.takes_part)


def highest_limit(limits: Iterable[Limit], kind: str, line: str | None = None) -> Limit:
    """The widest of `limits` for `kind`, over both lines or for one; 0.00 where there is none."""
    held = [one for one in limits if one.kind == kind and line in (None, one.line)]
    return max(held, key=_width, default=Limit(kind, line or "any", ZERO))


def lower_limits(limits: Iterable[Limit], most: Decimal | None) -> tuple[Limit, ...]:
    """`limits` cut down to `most` yuan: what is left of a delegator's authority in an acting appointment."""
    return tuple(
        Limit(one.kind, one.line, min((amount for amount in (one.amount, most) if amount is not None), default=None))
        for one in limits
    )
