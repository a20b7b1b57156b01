"""Reading rosters, calls, and the units whose month is not planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from sqlalchemy import func, select

from services.claims.duty import rules
from services.claims.duty.tables import DutyCall, DutyRoster
from shared.clock import legal_day
from shared.database import Transaction, path_range
from shared.directory import directory_appointments, directory_units
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force
from shared.ticks import unclaimed

_OF_ROSTERS = UUID("4f6c2f0a-6f0e-5b39-9d0f-8d6f3f0a7c11")

ROSTERS = Listing(
    model=DutyRoster,
    filters={"month": Filter(DutyRoster.month)},
    sorts={"month": DutyRoster.month, "unit_code": DutyRoster.unit_code},
    default_sort="-month",
)


def roster_id(unit_code: str, month: str) -> UUID:
    """The id of a unit's roster for a month, known before there is one."""
    return uuid5(_OF_ROSTERS, f"{unit_code}/{month}")


async def figures(tx: Transaction) -> dict[str, Any]:
    """The duty's figures of the rule set `service_times`."""
    return (await in_force(tx, "service_times")).content["duty"]


def shifts_of(row: DutyRoster) -> list[rules.Shift]:
    """The stored shifts as the rules take them."""
    return [
        rules.Shift(
            UUID(one["person_id"]), datetime.fromisoformat(one["starts_at"]), datetime.fromisoformat(one["ends_at"])
        )
        for one in row.shifts
    ]


async def terms_of(tx: Transaction, people: Iterable[UUID]) -> list[rules.Term]:
    """Every appointment of these persons as service agents, also past and coming ones."""
    held = directory_appointments.c
    statement = select(held.person_id, held.path, held.from_on, held.to_on).where(
        held.position == "service_agent", held.person_id.in_(set(people))
    )
    return [rules.Term(*row) for row in await tx.execute(statement)]


@dataclass(frozen=True)
class Unplanned:
    """A unit without a roster for a month, as work is opened about it."""

    record_type: ClassVar[str] = "duty_roster"

    id: UUID
    org_path: str
    unit_code: str
    stage: rules.Stage


async def unplanned(tx: Transaction, limit: int) -> Sequence[Unplanned]:
    """Units that keep a roster and have none for this month, or for the next one when it is near."""
    told = await figures(tx)
    today = legal_day(tx.now)
    units = directory_units.c
    keeps = select(DutyRoster.unit_code)
    watched = select(units.code, units.path).where(
        units.level.in_(told["levels"]) | units.code.in_(keeps), units.closed_on.is_(None) | (units.closed_on > today)
    )
    places = [(code, path) for code, path in await tx.execute(watched.order_by(units.path))]
    found: list[Unplanned] = []
    for stage in rules.months_to_plan(today, told["warn_days_ahead"]):
        wanted = [Unplanned(roster_id(code, stage.month), path, code, stage) for code, path in places]
        ids = [one.id for one in wanted]
        planned = set(await tx.scalars(select(DutyRoster.id).where(DutyRoster.id.in_(ids))))
        found += [one for one in wanted if one.id not in planned]
    return [one for one in found if await _untold(tx, one)][:limit]


async def _untold(tx: Transaction, one: Unplanned) -> bool:
    return bool(await tx.scalar(select(unclaimed("duty_watch", one.id, one.stage.first_on, one.stage.name))))


@dataclass(frozen=True)
class Counted:
    """Calls of one unit in a span."""

    unit_code: str
    calls: int
    answered: int
    quick: int


async def counted(
    tx: Transaction, begins: datetime, ends: datetime, paths: Sequence[str] | None, quick_s: int
) -> list[Counted]:
    """Calls received in [begins, ends) by unit, below `paths` where given, in the caller's scope."""
    waited = func.extract("epoch", DutyCall.answered_at - DutyCall.received_at)
    statement = select(
        DutyCall.unit_code, func.count(), func.count(DutyCall.answered_at),
        func.count().filter(waited <= quick_s),
    ).where(DutyCall.received_at >= begins, DutyCall.received_at < ends)  # fmt: skip
    rows: list[Counted] = []
    grouped = statement.group_by(DutyCall.unit_code).order_by(DutyCall.unit_code)
    for path in [None] if paths is None else paths:
        within = grouped if path is None else grouped.where(path_range(DutyCall.org_path, path))
        rows += [Counted(*row) for row in await tx.execute(within)]
    return list(dict.fromkeys(rows))


async def call_of(tx: Transaction, unit_code: str, call_ref: str) -> DutyCall | None:
    statement = select(DutyCall).where(DutyCall.unit_code == unit_code, DutyCall.call_ref == call_ref)
    return await tx.scalar(statement)
