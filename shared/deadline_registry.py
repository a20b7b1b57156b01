"""The deadline registry: legal and own periods as dated rows of the rule set `deadlines`.

A row says what starts the period, how long it is, what stops it and what a breach does. A law that changes is a new
row with a later `effective_from`; the old row stays, because old facts are judged by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

from shared.calendar import day_from


class Unit(StrEnum):
    """What a period is counted in. `DATE`: the day itself is the trigger, nothing is counted."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"
    DATE = "date"


class NoRowInForce(LookupError):
    """The registry has no row of that id for that day: the rule set is incomplete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRow:
    """A row of the rule set `deadlines`, in force from `effective_from` to `effective_to`, both included."""

    id: str
    trigger: str
    length: int
    unit: Unit
    basis: str
    basis_zh: str
    effective_from: date
    effective_to: date | None = None
    rule: str | None = None
    pauses: tuple[str, ...] = ()
    on_breach: tuple[str, ...] = ()
    escalate_after: int | None = None
    task_after: int | None = None
    extends: str | None = None
    needs: tuple[str, ...] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    tag: str = ""

    @classmethod
    def from_content(cls, row: Mapping[str, Any]) -> DeadlineRow:
        """A row as TOML or JSON holds it; an unknown member raises `TypeError`."""
        values = dict(row)
        values["unit"] = Unit(values["unit"])
        values["effective_from"] = day_from(values["effective_from"])
        if values.get("effective_to") is not None:
            values["effective_to"] = day_from(values["effective_to"])
        for name in ("pauses", "on_breach", "needs"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class DeadlineRegistry:
    """The rows of one service. The row in force on the day of the trigger applies, whatever the day of the question."""

    rows: tuple[DeadlineRow, ...]

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> DeadlineRegistry:
        """The registry of a rule set's `content`; two rows of one id and rule that overlap raise `ValueError`."""
        rows = tuple(DeadlineRow.from_content(row) for row in content["rows"])
        ordered = sorted(rows, key=lambda row: (row.id, row.rule or "", row.effective_from))
        for earlier, later in pairwise(ordered):
            same = (earlier.id, earlier.rule) == (later.id, later.rule)
            if same and (earlier.effective_to or date.max) >= later.effective_from:
                raise ValueError(f"two rows of {later.id} overlap from {later.effective_from}")
        return cls(rows)

    def find(self, deadline_id: str, on: date, rule: str | None = None) -> DeadlineRow | None:
        """The row of `deadline_id` (and `rule`, where the id has several) in force on `on`, or None."""
        for row in self.rows:
            if (row.id, row.rule) == (deadline_id, rule) and row.effective_from <= on <= (row.effective_to or date.max):
                return row
        return None

    def row(self, deadline_id: str, on: date, rule: str | None = None) -> DeadlineRow:
        """As `find`; raises `NoRowInForce` where there is none."""
        row = self.find(deadline_id, on, rule)
        if row is None:
            raise NoRowInForce(f"{deadline_id} ({rule or 'no rule named'}) on {on}")
        return row
