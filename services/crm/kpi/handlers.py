"""Answer the figures of a unit and a period, and the records behind one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.crm.figure.rules import KINDS, Count, Metric, Period, check_begun, month_of, months_up_to, read_period
from services.crm.figure.tables import ServiceFigure
from services.crm.kpi import queries, shapes
from services.crm.kpi.schemas import KpiRecordOut, KpisOut, UnitKpisOut
from services.crm.timeline.queries import numbers_of
from shared import directory
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Page, page, read_query, shaped

TREND_MONTHS = 12


def own_unit(tx: Transaction) -> str:
    """The unit whose figures are asked for where none is named: the caller's own."""
    return tx.actor.scope.rpartition(".")[2]


async def kpis(tx: Transaction, unit_code: str | None, period_name: str | None) -> KpisOut:
    """Every figure of the unit with its trend, and the same of the units below.

    A unit outside the scope does not exist (404); a period that is none or has not begun is refused (422).
    """
    today, unit = legal_day(tx.now), unit_code or own_unit(tx)
    period = read_period(period_name) if period_name else month_of(today)
    check_begun(period, today)
    return await of_unit(tx, unit, period)


async def of_unit(tx: Transaction, unit_code: str, period: Period) -> KpisOut:
    """The figures of a unit that the caller sees, judged by the rules of the last day that counts."""
    today = legal_day(tx.now)
    paths = await queries.paths_of_unit(tx, unit_code)
    day = period.until(today)
    judged = shapes.Judged(await queries.minimum(tx, day), await queries.targets(tx, day))
    months = months_up_to(month_of(day), TREND_MONTHS)
    asked = [*(one for one in months if one.name != period.name), period]
    counts = await queries.counts(tx, paths, asked, today)
    items = [shapes.figure(one, counts, period, months, judged, unit_code) for one in KINDS]
    return KpisOut(
        unit_code=unit_code, period=period.name, first_on=period.first, last_on=day, minimum_sample=judged.minimum,
        items=items, units=await _below(tx, paths[0], period, judged),
    )  # fmt: skip


async def _below(tx: Transaction, path: str, period: Period, judged: shapes.Judged) -> list[UnitKpisOut]:
    """The figures of the units right below, as the paths of the time tell."""
    depth = len(path.split(".")) + 1
    counts = await queries.counts(tx, [path], [period], legal_day(tx.now), below=depth)
    places = sorted({place for place, _, _ in counts if len(place.split(".")) == depth})
    units = await directory.units_by_code(tx, [place.rpartition(".")[2] for place in places])
    found = []
    for place in places:
        code = place.rpartition(".")[2]
        values = {
            str(metric): shapes.told(metric, counts.get((place, metric, period.name), Count()), judged)
            for metric in KINDS
        }
        unit = units.get(code)
        found.append(UnitKpisOut(unit_code=code, name=unit.name if unit else None, values=values))
    return found


async def records(
    tx: Transaction, metric: Metric, query: Sequence[tuple[str, str]], secret: bytes
) -> Page[KpiRecordOut]:
    """The records behind one figure, in the caller's scope."""
    today = legal_day(tx.now)
    given = dict(query)
    period = read_period(given["period"]) if given.get("period") else month_of(today)
    check_begun(period, today)
    paths = await queries.paths_of_unit(tx, given.get("unit_code") or own_unit(tx))
    kept = [pair for pair in query if pair[0] != "unit_code"]
    asked = read_query(queries.RECORDS, kept, lambda _: None)
    asked = replace(asked, fingerprint=f"{asked.fingerprint}{metric}{paths[0]}"[:80])
    statement = queries.records_of(metric, paths, period, today)
    rows, cursor, total = await page(tx, queries.RECORDS, asked, secret, statement)
    return shaped(await _shown(tx, rows), cursor, total)


async def _shown(tx: Transaction, rows: Sequence[ServiceFigure]) -> list[KpiRecordOut]:
    numbers = await numbers_of(tx, [row.about_id for row in rows])
    minimum = await queries.minimum(tx, legal_day(tx.now))
    return [shapes.record(row, numbers, minimum) for row in rows]
