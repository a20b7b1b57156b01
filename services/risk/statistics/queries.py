"""Counts of visits, hazards, losses and files by unit, within the caller's scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from services.risk.statistics.rules import Cures, GroupKey, Stretch, Visits
from shared.clock import at_midnight
from shared.database import Transaction
from shared.money import ZERO
from shared.rule_sets import in_force

_STEPS = "string_to_array(org_path, '.')"
_GROUP = {
    GroupKey.UNIT: "unit_code",
    GroupKey.CENTRAL: f"({_STEPS})[least(3, cardinality({_STEPS}))]",
    GroupKey.BRANCH: f"({_STEPS})[least(2, cardinality({_STEPS}))]",
    GroupKey.TOTAL: "''",
}
_HERE = "org_path >= :path and org_path < :path || '/'"
_DAY = "(({0}) at time zone 'Asia/Shanghai')::date"
_WAITS = "status in ('rectifying', 'overdue', 'escalated', 'terms_changed')"
_OPEN = "status not in ('closed', 'cancel_cover')"
_CURED = "status in ('reinspected', 'closed')"

VISITS = """
  select {group} as name, count(*) as due,
    count(*) filter (where reported_at is not null and {done} <= due_on) as in_time,
    count(*) filter (where reported_at is not null and {done} > due_on) as late,
    count(*) filter (where reported_at is null and due_on < :today) as overdue
  from inspections where {here} and status <> 'cancelled' and due_on between :first and :last group by 1"""
CURES = """
  select {group} as name, count(*) as due,
    count(*) filter (where {cured} and {done} <= due_on) as in_time,
    count(*) filter (where {cured} and {done} > due_on) as late,
    count(*) filter (where not {cured} and due_on < :today) as overdue
  from hazards where {here} and due_on between :first and :last group by 1"""
FOUND = """
  select {group} as name, hazard_class, count(*) as found from hazards
  where {here} and created_at >= :begins and created_at < :ends group by 1, 2"""
OVERDUE = """
  select {group} as name, hazard_class, count(*) as found from hazards
  where {here} and {waits} and due_on < :today group by 1, 2"""
LOSSES = """
  select {group} as name, count(*) as hazards, sum(probable_maximum_loss) as total,
    max(probable_maximum_loss) as largest
  from hazards where {here} and {open} group by 1"""
FILES = "select {group} as name, count(*) as files from key_risk_files where {here} and status <> 'closed' group by 1"


@dataclass(frozen=True)
class Wanted:
    """Figures of these days, at or below a unit, by unit of a level; what is open is told as of `today`."""

    key: GroupKey
    days: Stretch
    path: str
    today: date


async def rows(tx: Transaction, statement: str, wanted: Wanted) -> Sequence[Mapping[str, Any]]:
    """One of the counts above; the texts put in are this module's own."""
    written = statement.format(
        group=_GROUP[wanted.key], here=_HERE, waits=_WAITS, open=_OPEN, cured=_CURED,
        done=_DAY.format("reported_at" if "inspections" in statement else "coalesce(reinspected_at, closed_at)"),
    )  # fmt: skip
    given = {
        "path": wanted.path, "first": wanted.days.first, "last": wanted.days.last, "today": wanted.today,
        "begins": at_midnight(wanted.days.first), "ends": at_midnight(wanted.days.last + timedelta(days=1)),
    }  # fmt: skip
    used = {name: value for name, value in given.items() if f":{name}" in written}
    return (await tx.execute(text(written), used)).mappings().all()


@dataclass
class Group:
    """The figures of one unit."""

    visits: Visits = field(default_factory=Visits)
    cures: Cures = field(default_factory=Cures)
    found: dict[str, int] = field(default_factory=dict)
    overdue: dict[str, int] = field(default_factory=dict)
    open_hazards: int = 0
    loss: Decimal = ZERO
    largest: Decimal = ZERO
    files: int = 0


async def groups(tx: Transaction, wanted: Wanted) -> dict[str, Group]:
    """The figures by group; a group is named by its unit."""
    found: dict[str, Group] = {}

    def group(row: Mapping[str, Any]) -> Group:
        return found.setdefault(row["name"], Group())

    counts = ("due", "in_time", "late", "overdue")
    for row in await rows(tx, VISITS, wanted):
        group(row).visits = Visits(**{name: row[name] for name in counts})
    for row in await rows(tx, CURES, wanted):
        group(row).cures = Cures(**{name: row[name] for name in counts})
    for row in await rows(tx, FOUND, wanted):
        group(row).found[row["hazard_class"]] = row["found"]
    for row in await rows(tx, OVERDUE, wanted):
        group(row).overdue[row["hazard_class"]] = row["found"]
    for row in await rows(tx, LOSSES, wanted):
        one = group(row)
        one.open_hazards, one.loss, one.largest = row["hazards"], row["total"], row["largest"]
    for row in await rows(tx, FILES, wanted):
        group(row).files = row["files"]
    return dict(sorted(found.items()))


async def by_month(tx: Transaction, path: str, first: date, last: date) -> Mapping[str, Mapping[str, int]]:
    """Visits reported and hazards found by month, `2026-11` → `{visits, hazards}`."""
    found: dict[str, dict[str, int]] = {}
    for name, table, column in (("visits", "inspections", "reported_at"), ("hazards", "hazards", "created_at")):
        statement = f"""
          select to_char({column} at time zone 'Asia/Shanghai', 'YYYY-MM') as month, count(*) as n from {table}
          where {_HERE} and {column} >= :begins and {column} < :ends group by 1"""  # noqa: S608 - names of this module
        given = {"path": path, "begins": at_midnight(first), "ends": at_midnight(last + timedelta(days=1))}
        for row in (await tx.execute(text(statement), given)).mappings():
            found.setdefault(row["month"], {})[name] = row["n"]
    return found


async def criteria(tx: Transaction, path: str) -> Mapping[str, int]:
    """Risk control files that are kept, by criterion; one file may meet several."""
    statement = f"""
      select c.value as criterion, count(*) as n from key_risk_files, jsonb_array_elements_text(criteria) c
      where {_HERE} and status <> 'closed' group by 1"""  # noqa: S608 - names of this module
    return {row["criterion"]: row["n"] for row in (await tx.execute(text(statement), {"path": path})).mappings()}


async def minimum_for_rank(tx: Transaction) -> int:
    """How many hazards a group needs to be ranked."""
    return int((await in_force(tx, "loss_prevention")).content["statistics"]["minimum_for_rank"])
