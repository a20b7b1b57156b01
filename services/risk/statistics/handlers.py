"""Answer what is counted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from services.risk.statistics import queries, rules
from services.risk.statistics.queries import Group, Wanted
from services.risk.statistics.rules import GroupKey, Stretch
from services.risk.statistics.schemas import GroupOut, HazardCounts, LossCounts, StatisticsOut, VisitCounts
from shared import directory
from shared.authority import covers
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import NotFound


async def path_of_unit(tx: Transaction, unit_code: str | None) -> str:
    """Where a unit in the caller's scope lies; without one the scope itself. Raises `NotFound`."""
    if unit_code is None:
        return tx.actor.scope
    found = await directory.unit_by_code(tx, unit_code)
    if found is None or not covers(found.path, tx.actor.scope):
        raise NotFound()
    return found.path


async def statistics(
    tx: Transaction, key: GroupKey, first: date | None, last: date | None, unit_code: str | None
) -> StatisticsOut:
    """The figures in the caller's scope. A unit outside of it does not exist (404)."""
    today = legal_day(tx.now)
    days = rules.stretch(first, last, today)
    wanted = Wanted(key, days, await path_of_unit(tx, unit_code), today)
    found, minimum = await queries.groups(tx, wanted), await queries.minimum_for_rank(tx)
    ranked = rules.ranks({name: (one.cures.rectification, one.cures.due) for name, one in found.items()}, minimum)
    items = [_out(name, one, ranked.get(name), days, key) for name, one in found.items()]
    return StatisticsOut(from_on=days.first, to_on=days.last, as_of=today, minimum_for_rank=minimum, items=items)


def _rate(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.4f}"


def _out(name: str, one: Group, rank: int | None, days: Stretch, key: GroupKey) -> GroupOut:
    visits, cures = one.visits, one.cures
    place = "" if key is GroupKey.TOTAL else f"&unit_code={name}" + ("&org_scope=exact" if key is GroupKey.UNIT else "")
    return GroupOut(
        group=name or str(GroupKey.TOTAL),
        inspections=VisitCounts(
            due=visits.due, in_time=visits.in_time, late=visits.late, overdue=visits.overdue,
            completion_rate=_rate(visits.completion),
        ),
        hazards=HazardCounts(
            found=sum(one.found.values()), found_by_class=one.found, due=cures.due, cured_in_time=cures.in_time,
            cured_late=cures.late, overdue=cures.overdue, rectification_rate=_rate(cures.rectification),
            overdue_by_class=one.overdue,
        ),
        probable_maximum_loss=LossCounts(open_hazards=one.open_hazards, total=one.loss, largest=one.largest),
        key_risk_files=one.files, rank=rank,
        records_url=f"/v1/hazards?due_on[gte]={days.first}&due_on[lte]={days.last}{place}",
    )  # fmt: skip
