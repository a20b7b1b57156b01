"""What a change of the tree touches: units, people, open work and records, here and in every service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from gateway.forwarding.internal_views import Views, ask_all
from gateway.forwarding.upstreams import Upstreams
from gateway.identity.tokens import SigningKey
from gateway.organisation.queries import WAITING, today
from gateway.organisation.tables import Appointment, Person, UnitChange, UnitRow
from gateway.structure.rules import SHOWN
from gateway.structure.schemas import Obstacle, OpenWork, TouchedPerson, TouchedRecords
from shared.actor import machine
from shared.database import Transaction, path_range
from shared.unit_moves import records_below
from shared.work_items import WorkItemOut, work_items

OWN = "organisation"
READ_WORK, READ_UNITS = "organisation.work_item.read", "organisation.unit.read"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the services hold at a unit and below. `partial`: those that did not answer."""

    work: Sequence[OpenWork] = ()
    records: Sequence[TouchedRecords] = ()
    partial: list[str] = field(default_factory=list)


async def elsewhere(upstreams: Upstreams, key: SigningKey, path: str, request_id: UUID) -> Elsewhere:
    """Asked by the gateway for itself, in the scope of the unit alone: who closes a unit need not see its records."""
    asking = replace(
        machine("gateway"), scope=path, permissions=frozenset((READ_WORK, READ_UNITS)), request_id=request_id
    )
    work, records = await asyncio.gather(
        ask_all(upstreams, key, asking, "/internal/work-items", READ_WORK),
        ask_all(upstreams, key, asking, "/internal/unit-records", READ_UNITS),
    )
    found = [open_work(service, WorkItemOut(**one)) for service, one in _each(work)]
    rows = [TouchedRecords(service=service, **one) for service, one in _each(records)]
    return Elsewhere(found, rows, sorted({*work.partial, *records.partial}))


def _each(views: Views) -> list[tuple[str, dict[str, Any]]]:
    return [(service, one) for service, answer in sorted(views.answers.items()) for one in answer["items"]]


def open_work(service: str, item: WorkItemOut) -> OpenWork:
    return OpenWork(
        service=service, kind=item.kind, record=item.record, unit_code=item.unit_code,
        assignee_person_id=item.assignee_person_id,
    )  # fmt: skip


async def here(tx: Transaction, path: str) -> Elsewhere:
    """The same of the gateway's own database. Wants scope `00`."""
    items = work_items.c
    mine = select(work_items).where(items.closed_at.is_(None), path_range(items.org_path, path))
    work = [
        OpenWork(
            service=OWN, kind=one.kind, record={"type": one.record_type, "id": str(one.record_id)},
            unit_code=one.unit_code, assignee_person_id=one.person_id,
        )
        for one in (await tx.execute(mine.order_by(items.id).limit(SHOWN))).all()
    ]  # fmt: skip
    rows = [TouchedRecords(service=OWN, **one.model_dump()) for one in await records_below(tx, path)]
    return Elsewhere(work, rows)


async def subtree(tx: Transaction, path: str, *, lock: bool = False) -> Sequence[UnitRow]:
    """The unit at `path` and all below it, parents first."""
    statement = select(UnitRow).where(path_range(UnitRow.org_path, path)).order_by(UnitRow.org_path)
    return await tx.scalars(statement.with_for_update() if lock else statement)


async def areas_below(tx: Transaction, path: str) -> list[str]:
    """The areas that units at or below `path` have now."""
    found = await tx.scalars(select(UnitRow.area_codes).where(path_range(UnitRow.org_path, path)))
    return [area for areas in found for area in areas]


async def open_children(tx: Transaction, code: str, day: date) -> Sequence[UnitRow]:
    """Units directly below that work on `day` or later."""
    open_then = or_(UnitRow.closed_on.is_(None), UnitRow.closed_on > day)
    statement = select(UnitRow).where(UnitRow.parent_code == code, open_then)
    return await tx.scalars(statement.order_by(UnitRow.code))


async def holding(tx: Transaction, path: str, day: date, *, below: bool) -> Sequence[tuple[Appointment, Person]]:
    """Who holds something on `day` or later at the unit, or also below it, by staff number."""
    reach = path_range(Appointment.org_path, path) if below else Appointment.org_path == path
    statement = (
        select(Appointment, Person)
        .join(Person, Person.id == Appointment.person_id)
        .where(reach, or_(Appointment.to_on.is_(None), Appointment.to_on > day))
        .where(or_(Appointment.to_on.is_(None), Appointment.to_on > Appointment.from_on))
        .order_by(Person.staff_no, Appointment.id)
    )
    return [(held, person) for held, person in await tx.execute(statement)]


async def people(tx: Transaction, path: str, day: date) -> list[TouchedPerson]:
    """The first of those who hold something at the unit and below."""
    return [
        TouchedPerson(person_id=person.id, staff_no=person.staff_no, position=held.position, unit_code=held.unit_code)
        for held, person in (await holding(tx, path, day, below=True))[:SHOWN]
    ]


async def towards(tx: Transaction, code: str) -> Sequence[UnitChange]:
    """Changes of other units that wait and lead to this one."""
    return await tx.scalars(select(UnitChange).where(UnitChange.target_code == code, UnitChange.status.in_(WAITING)))


async def obstacles(tx: Transaction, unit: UnitRow, day: date, work: Sequence[OpenWork]) -> list[dict[str, Any]]:
    """What keeps the unit from closing on `day`. Wants scope `00`."""
    found = [Obstacle(kind="unit", code=one.code) for one in await open_children(tx, unit.code, day)]
    found += [
        Obstacle(kind="appointment", person_id=person.id, staff_no=person.staff_no, position=held.position)
        for held, person in await holding(tx, unit.org_path, day, below=False)
    ]
    found += [
        Obstacle(kind="planned_change", code=one.unit_code, effective_on=one.effective_on)
        for one in await towards(tx, unit.code)
    ]
    found += [
        Obstacle(
            kind="work_item", service=one.service, work=one.kind, record=one.record,
            person_id=one.assignee_person_id,
        )
        for one in work
    ]  # fmt: skip
    return [one.model_dump(mode="json", exclude_none=True) for one in found]


async def due(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Changes whose day has come, in the order of their days; what was held up before comes after."""
    from_today = select(UnitChange.id).where(UnitChange.status.in_(WAITING), UnitChange.effective_on <= today(tx))
    order = (UnitChange.status.desc(), UnitChange.effective_on, UnitChange.id)
    return await tx.scalars(from_today.order_by(*order).limit(limit))
