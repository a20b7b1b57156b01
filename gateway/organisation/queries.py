"""Named reads of the tree, of people and of who holds what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, collate, func, or_, select

from gateway.organisation.tables import Appointment, Person, Team, UnitArea, UnitChange, UnitPlace, UnitRow
from shared.authority import Unit
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing

TEAMS = Listing(
    model=Team, filters={"code": Filter(Team.code)}, search=(Team.code, Team.name), sorts={"code": Team.code},
    default_sort="code",
)  # fmt: skip
PEOPLE = Listing(
    model=Person,
    filters={
        "staff_no": Filter(Person.staff_no),
        "kind": Filter(Person.kind),
        "active": Filter(Person.active, bool),
    },
    search=(Person.staff_no, Person.name),
    sorts={"staff_no": Person.staff_no},
    default_sort="staff_no",
)
DIRECTORY = Listing(
    model=Appointment,
    filters={"person_id": Filter(Appointment.person_id, UUID), "position": Filter(Appointment.position)},
    sorts={"unit_code": Appointment.unit_code},
    default_sort="unit_code",
)


_LAST = chr(0x10FFFF)
"""Sorts after every character."""

WAITING = ("planned", "held")
"""States of a change of the tree that has not taken effect."""


def units_now(day: date) -> Listing:
    """The tree as it is; `day` is today, for whose an area is."""
    return Listing(
        model=UnitRow,
        filters={
            "code": Filter(UnitRow.code),
            "level": Filter(UnitRow.level),
            "kind": Filter(UnitRow.kind),
            "parent_code": Filter(UnitRow.parent_code),
        },
        sorts={"code": UnitRow.code, "org_path": UnitRow.org_path},
        default_sort="org_path",
        conditions={
            "area_code": lambda text: UnitRow.id.in_(_serving(text, day)),
            "q": lambda text: or_(_begins(UnitRow.code, text), _begins(UnitRow.name, text)),
        },
    )


def units_on(day: date) -> Listing:
    """The tree as it was, or will be, on `day`: the places of that day in its order."""
    return Listing(
        model=UnitPlace,
        filters={
            "code": Filter(UnitPlace.code),
            "level": Filter(UnitPlace.level),
            "kind": Filter(UnitPlace.kind),
            "parent_code": Filter(UnitPlace.parent_code),
        },
        sorts={"code": UnitPlace.code, "org_path": UnitPlace.path},
        default_sort="org_path",
        conditions={
            "on": lambda _: _within(UnitPlace, day),
            "area_code": lambda text: UnitPlace.unit_id.in_(_serving(text, day)),
            "q": lambda text: or_(_begins(UnitPlace.code, text), _begins(UnitPlace.name, text)),
        },
    )


def _serving(area_code: str, day: date) -> Any:
    return select(UnitArea.unit_id).where(UnitArea.area_code == area_code, _within(UnitArea, day))


def _begins(column: Any, prefix: str) -> Any:
    """A prefix as a range: under row scope an index serves comparisons only, neither patterns nor containment."""
    plain = collate(column, "C")
    return and_(plain >= prefix, plain < prefix + _LAST)


def _within(dated: Any, day: date) -> Any:
    return and_(dated.from_on <= day, or_(dated.to_on.is_(None), dated.to_on > day))


def holds_on(day: date) -> Any:
    """The condition that an appointment is in force on `day`."""
    return _within(Appointment, day)


def as_unit(row: UnitRow) -> Unit:
    """The unit as the arithmetic of authority knows it."""
    return Unit(code=row.code, path=row.org_path, level=row.level, kind=row.kind, name=row.name)


async def unit_of_code(tx: Transaction, code: str, *, lock: bool = False) -> UnitRow | None:
    """The unit in the scope of the transaction; `lock` keeps it from being changed or moved meanwhile."""
    statement = select(UnitRow).where(UnitRow.code == code)
    return await tx.scalar(statement.with_for_update(read=True) if lock else statement)


async def paths_of(tx: Transaction, codes: Iterable[str]) -> dict[str, str]:
    """Org path by unit code in the scope of the transaction, for the `unit_code` filter of lists."""
    wanted = list(codes)
    if not wanted:
        return {}
    rows = await tx.scalars(select(UnitRow).where(UnitRow.code.in_(wanted)))
    return {row.code: row.org_path for row in rows}


async def units_on_path(tx: Transaction, path: str) -> list[Unit]:
    """The units from the one at `path` up to the head office, the lowest first. Wants scope `00`."""
    steps = path.split(".")
    paths = [".".join(steps[: i + 1]) for i in range(len(steps))]
    rows = await tx.scalars(select(UnitRow).where(UnitRow.org_path.in_(paths)))
    return sorted((as_unit(row) for row in rows), key=lambda unit: -len(unit.path))


async def areas_taken(tx: Transaction, areas: Iterable[str], day: date) -> dict[str, str]:
    """Area → code of the unit that has it on `day` or later, of those asked for. Wants scope `00`."""
    statement = (
        select(UnitArea.area_code, UnitRow.code)
        .join(UnitRow, UnitRow.id == UnitArea.unit_id)
        .where(UnitArea.area_code.in_(list(areas)), or_(UnitArea.to_on.is_(None), UnitArea.to_on > day))
    )
    return {area: code for area, code in await tx.execute(statement)}


async def areas_of(tx: Transaction, unit_ids: Iterable[UUID]) -> Sequence[UnitArea]:
    """Every area these units have, had or will have, in the order of time."""
    statement = select(UnitArea).where(UnitArea.unit_id.in_(list(unit_ids)))
    return await tx.scalars(statement.order_by(UnitArea.from_on, UnitArea.area_code))


async def waiting_changes(tx: Transaction, unit_id: UUID) -> Sequence[UnitChange]:
    """The unit's changes that wait for their day."""
    statement = select(UnitChange).where(UnitChange.unit_id == unit_id, UnitChange.status.in_(WAITING))
    return await tx.scalars(statement.order_by(UnitChange.effective_on, UnitChange.id))


async def closes_on(tx: Transaction, unit: UnitRow) -> date | None:
    """The first day on which the unit no longer works, as decided or planned; None: no such day is known."""
    planned = select(UnitChange.effective_on).where(
        UnitChange.unit_id == unit.id, UnitChange.kind == "closure", UnitChange.status.in_(WAITING)
    )
    return unit.closed_on or await tx.scalar(planned)


async def teams_of(tx: Transaction, unit_id: UUID) -> Sequence[Team]:
    return await tx.scalars(select(Team).where(Team.unit_id == unit_id).order_by(Team.code))


async def appointments_of(tx: Transaction, person_id: UUID) -> Sequence[Appointment]:
    """Every appointment of a person in the scope of the transaction, the earliest first."""
    statement = select(Appointment).where(Appointment.person_id == person_id)
    return await tx.scalars(statement.order_by(Appointment.from_on, Appointment.id))


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a position at a unit."""

    person_id: UUID
    staff_no: str
    name: str
    position: str
    unit_code: str


async def holders(tx: Transaction, positions: Iterable[str], unit_code: str, day: date) -> list[Holder]:
    """Who holds one of `positions` at the unit on `day`, by staff number. Wants scope `00`."""
    statement = (
        select(Person.id, Person.staff_no, Person.name, Appointment.position, Appointment.unit_code)
        .join(Appointment, Appointment.person_id == Person.id)
        .where(Appointment.unit_code == unit_code, Appointment.position.in_(list(positions)), holds_on(day))
        .where(Person.active)
        .order_by(Person.staff_no)
    )
    return [Holder(*row) for row in await tx.execute(statement)]


async def people_of(tx: Transaction, person_ids: Iterable[UUID]) -> dict[UUID, Person]:
    rows = await tx.scalars(select(Person).where(Person.id.in_(list(person_ids))))
    return {row.id: row for row in rows}


async def units_of(tx: Transaction, unit_ids: Iterable[UUID]) -> dict[UUID, UnitRow]:
    rows = await tx.scalars(select(UnitRow).where(UnitRow.id.in_(list(unit_ids))))
    return {row.id: row for row in rows}


async def taken(tx: Transaction, column: Any, value: str) -> bool:
    """Whether a code or number is in use anywhere. Wants scope `00`."""
    return bool(await tx.scalar(select(func.count()).where(column == value)))


def in_force_today(tx: Transaction) -> Any:
    """The appointments of active people that are in force today, as a statement to page through."""
    active = select(Person.id).where(Person.active)
    return select(Appointment).where(holds_on(today(tx)), Appointment.person_id.in_(active))


async def appointed_today(tx: Transaction, person_ids: Iterable[UUID]) -> set[UUID]:
    """Those of `person_ids` who hold something today."""
    statement = in_force_today(tx).where(Appointment.person_id.in_(list(person_ids)))
    return {row.person_id for row in await tx.scalars(statement)}


def today(tx: Transaction) -> date:
    """The legal day of the transaction."""
    return legal_day(tx.now)
