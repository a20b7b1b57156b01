"""Sums of figures by metric and period, at and below a unit, in the caller's scope.

A figure keeps the path of its time: what a unit did before it moved stays with whom it belonged to then, and is the
unit's own too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, Text, and_, cast, column, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from services.crm.figure.rules import KINDS, Count, Form, Metric, Period
from services.crm.figure.tables import ServiceFigure
from shared import directory
from shared.authority import covers
from shared.database import Transaction, path_range
from shared.errors import NotFound
from shared.pagination import Filter, Listing
from shared.rule_sets import NoRuleSet, in_force
from shared.unit_moves import former_units

Counts = dict[tuple[str, Metric, str], Count]
"""By the path of a part of the tree (the unit itself, or each below it), metric and name of the period."""

_F = ServiceFigure


def _counted(name: str) -> Any:
    """`part`: in the numerator; `missed`: fell short of its whole. Raises `ValueError` for another word."""
    if name not in ("part", "missed"):
        raise ValueError(name)
    return ServiceFigure.part > 0 if name == "part" else ServiceFigure.part < ServiceFigure.whole


RECORDS = Listing(
    model=ServiceFigure,
    filters={
        "on": Filter(ServiceFigure.on_day, date, ranged=True),
        "id": Filter(ServiceFigure.id, UUID),
        "about_kind": Filter(ServiceFigure.about_kind),
        "about_id": Filter(ServiceFigure.about_id, UUID),
    },
    conditions={
        "period": lambda _: ServiceFigure.metric.is_not(None),
        "counted": _counted,
    },
    sorts={"on": ServiceFigure.on_day},
    default_sort="-on",
)  # fmt: skip


async def paths_of_unit(tx: Transaction, unit_code: str) -> list[str]:
    """Where a unit in the caller's scope lies, and where it lay before. Raises `NotFound`."""
    if unit_code == tx.actor.scope.rpartition(".")[2]:
        path = tx.actor.scope
    else:
        unit = await directory.unit_by_code(tx, unit_code)
        if unit is None or not covers(unit.path, tx.actor.scope):
            raise NotFound()
        path = unit.path
    before = await tx.scalars(select(former_units.c.path).where(former_units.c.code == unit_code))
    return [path, *sorted(set(before) - {path})]


async def targets(tx: Transaction, day: date) -> Mapping[str, Decimal]:
    """The shares to be reached, by metric, where a rule set states them."""
    try:
        levels = (await in_force(tx, "sla", day)).content["levels"]
    except NoRuleSet:
        return {}
    return {one["code"]: Decimal(one["target"]) for one in levels}


async def minimum(tx: Transaction, day: date) -> int:
    """How many records a share needs to be judged."""
    return int((await in_force(tx, "service_kpis", day)).content["minimum_sample"])


async def counts(
    tx: Transaction, paths: Sequence[str], periods: Sequence[Period], today: date, *, below: int | None = None
) -> Counts:
    """Every count of the periods. `below`: by the unit of that many steps of the path, else all in one (`""`)."""
    asked = _Asked(paths, periods, today, below)
    found: Counts = {}
    summed = (func.sum(_F.part).label("part"), func.sum(_F.whole).label("whole"), func.count().label("records"))
    flows = asked.by_period(_F.metric, *summed).where(_F.until_day.is_(None))
    flows = flows.where(_F.on_day.between(asked.first, asked.last)).group_by(_F.metric)
    for row in await tx.execute(flows):
        if row.metric in set(KINDS):
            found[row.place, Metric(row.metric), row.name] = Count(row.part, row.whole, row.records)
    await _add_opening(tx, found, asked)
    await _add_policies(tx, found, asked)
    return found


class _Asked:
    """The periods as a table beside the figures, and where in the tree they are counted."""

    def __init__(self, paths: Sequence[str], periods: Sequence[Period], today: date, below: int | None) -> None:
        names, firsts = [one.name for one in periods], [one.first for one in periods]
        lasts = [one.until(today) for one in periods]
        arrays = (
            cast(names, ARRAY(Text)), cast(firsts, ARRAY(Date)), cast(lasts, ARRAY(Date)),
        )  # fmt: skip
        columns = func.unnest(*arrays).table_valued(
            column("name", Text), column("first_day", Date), column("last_day", Date), name="p"
        )
        self.periods = columns.render_derived()
        self.name, self.first, self.last = (self.periods.c[one] for one in ("name", "first_day", "last_day"))
        self.within = or_(*(path_range(_F.org_path, path) for path in paths))
        steps = f"^(?:[0-9]+\\.){{0,{(below or 1) - 1}}}[0-9]+"
        self.place = literal("", Text) if below is None else func.substring(_F.org_path, steps)

    def by_period(self, *columns: Any) -> Any:
        """The figures in these places, by place and period."""
        chosen = select(self.place.label("place"), self.name.label("name"), *columns)
        return chosen.select_from(_F, self.periods).where(self.within).group_by("place", self.name)


async def _add_opening(tx: Transaction, found: Counts, asked: _Asked) -> None:
    """What was open when a period began belongs to what could be closed in it."""
    left = (func.sum(_F.whole) - func.sum(_F.part)).label("whole")
    opening = asked.by_period(left).where(_F.metric == str(Metric.CASE_CLOSING_RATE), _F.on_day < asked.first)
    for row in await tx.execute(opening):
        key = (row.place, Metric.CASE_CLOSING_RATE, row.name)
        held = found.get(key, Count())
        found[key] = Count(held.part, held.whole + row.whole, held.records)


async def _add_policies(tx: Transaction, found: Counts, asked: _Asked) -> None:
    """A rate for every 10,000 policies, also where there was nothing to count."""
    running = asked.by_period(func.sum(_F.whole).label("whole")).where(_F.metric == str(Metric.POLICIES_IN_FORCE))
    running = running.where(_F.on_day <= asked.last, _F.until_day > asked.last)
    for row in await tx.execute(running):
        for metric, kind in KINDS.items():
            if kind.form is Form.PER_10_000:
                held = found.get((row.place, metric, row.name), Count())
                found[row.place, metric, row.name] = Count(held.part, row.whole, held.records)


def records_of(metric: Metric, paths: Sequence[str], period: Period, today: date) -> Any:
    """The statement of the records behind a figure: those of the period, and what was open when it began where that
    counts.
    """
    figure, until = ServiceFigure, period.until(today)
    counted = figure.on_day.between(period.first, until)
    if KINDS[metric].form is Form.CLEARED:
        closed = aliased(ServiceFigure)
        later = exists().where(
            closed.group_id == figure.group_id, closed.metric == figure.metric, closed.part > 0,
            closed.on_day >= figure.on_day, closed.on_day < period.first,
        )  # fmt: skip
        counted = or_(counted, and_(figure.on_day < period.first, figure.whole > 0, ~later))
    within = or_(*(path_range(figure.org_path, path) for path in paths))
    return select(figure).where(figure.metric == str(metric), within, counted)
