"""How units, teams, people and appointments are shown, and which actions on them are judged for the caller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from gateway import events
from gateway.organisation import queries, rules
from gateway.organisation.schemas import (
    AppointmentFactOut,
    AppointmentOut,
    AreaOut,
    DirectoryEntry,
    PersonItem,
    PersonOut,
    PlannedChangeOut,
    RecordVersion,
    TeamItem,
    UnitItem,
    UnitName,
    UnitOut,
)
from gateway.organisation.tables import Appointment, Person, Team, UnitChange, UnitPlace, UnitRow
from shared.actions import Action, judged
from shared.actor import Actor
from shared.database import Transaction


def _may_have_teams(_actor: Actor, unit: UnitRow) -> None:
    rules.may_have_teams(unit.level)


def _may_appoint(actor: Actor, person: Person) -> None:
    rules.may_appoint(actor, person.id)
    if not person.active:
        raise rules.PersonInactive()


def _may_change(actor: Actor, person: Person) -> None:
    rules.may_appoint(actor, person.id)


def _may_declare(actor: Actor, person: Person) -> None:
    rules.may_declare(actor, person.id)


def _may_change_place(_actor: Actor, unit: UnitRow) -> None:
    rules.may_change_place(unit.level, unit.closed_on)


UNIT_ACTIONS: tuple[Action[UnitRow], ...] = (
    Action("change", "PATCH", "/v1/units/{id}", "organisation.unit.change"),
    Action("move", "POST", "/v1/units/{id}/moves", "organisation.unit.move", _may_change_place),
    Action("merge", "POST", "/v1/units/{id}/mergers", "organisation.unit.merge", _may_change_place),
    Action("close", "POST", "/v1/units/{id}/closures", "organisation.unit.close", _may_change_place),
    Action("open_team", "POST", "/v1/teams", "organisation.team.open", _may_have_teams),
)
PERSON_ACTIONS: tuple[Action[Person], ...] = (
    Action("change", "PATCH", "/v1/people/{id}", "organisation.person.register", _may_change),
    Action("appoint", "POST", "/v1/people/{id}/appointments", "organisation.appointment.grant", _may_appoint),
    Action("unlock", "POST", "/v1/people/{id}/unlock", "organisation.person.unlock", _may_appoint),
    Action("declare", "PUT", "/v1/people/{id}/declarations", "organisation.person.declare", _may_declare),
)


def unit_item(row: UnitRow) -> UnitItem:
    return UnitItem(
        id=row.id, version=row.version, org_path=row.org_path, created_at=row.created_at, updated_at=row.updated_at,
        code=row.code, name=row.name, level=row.level, kind=row.kind, parent_code=row.parent_code, path=row.org_path,
        area_codes=row.area_codes, opened_on=row.opened_on, closed_on=row.closed_on, merged_into=row.merged_into,
    )  # fmt: skip


async def unit_alone(tx: Transaction, row: UnitRow, actor: Actor, language: str) -> UnitOut:
    """The unit read singly, with what the caller may do with it."""
    actions = judged(UNIT_ACTIONS, actor, row, row.id, language)
    areas = [AreaOut.model_validate(one, from_attributes=True) for one in await queries.areas_of(tx, [row.id])]
    waiting = [planned(one) for one in await queries.waiting_changes(tx, row.id)]
    return UnitOut(**unit_item(row).model_dump(), areas=areas, planned_changes=waiting, available_actions=actions)


def planned(row: UnitChange) -> PlannedChangeOut:
    return PlannedChangeOut(
        id=row.id, kind=row.kind, effective_on=row.effective_on, status=row.status, target_code=row.target_code,
        obstacles=row.obstacles or None,
    )  # fmt: skip


async def units_on(tx: Transaction, places: Sequence[UnitPlace], day: date) -> list[UnitItem]:
    """Units with name, parent, path and areas of `day`; version and times are those of today."""
    units = await queries.units_of(tx, {one.unit_id for one in places})
    areas: dict[UUID, list[str]] = {}
    for one in await queries.areas_of(tx, units):
        if rules.in_force(one.from_on, one.to_on, day):
            areas.setdefault(one.unit_id, []).append(one.area_code)
    return [
        unit_item(units[one.unit_id]).model_copy(
            update={
                "name": one.name, "parent_code": one.parent_code, "path": one.path,
                "area_codes": areas.get(one.unit_id, []),
            }
        )
        for one in places
    ]  # fmt: skip


def unit_name(row: UnitRow) -> UnitName:
    return UnitName(code=row.code, name=row.name, level=row.level, kind=row.kind, path=row.org_path)


def team_item(row: Team) -> TeamItem:
    return TeamItem.model_validate(row, from_attributes=True)


def appointment_out(row: Appointment) -> AppointmentOut:
    return AppointmentOut.model_validate(row, from_attributes=True)


def appointment_fact(row: Appointment, person: Person) -> AppointmentFactOut:
    about = RecordVersion(id=person.id, version=person.version)
    return AppointmentFactOut(**appointment_out(row).model_dump(), person=about)


def person_item(row: Person) -> PersonItem:
    return PersonItem.model_validate(row, from_attributes=True)


def person_alone(row: Person, held: Iterable[Appointment], actor: Actor, language: str) -> PersonOut:
    """The person read singly, with the appointments that the caller's scope covers."""
    actions = judged(PERSON_ACTIONS, actor, row, row.id, language)
    shown = [appointment_out(one) for one in held]
    return PersonOut(**person_item(row).model_dump(), appointments=shown, available_actions=actions)


def _entry(person: Person, held: Appointment | None = None, unit: UnitRow | None = None) -> DirectoryEntry:
    return DirectoryEntry(
        person_id=person.id, staff_no=person.staff_no, name=person.name, position=held.position if held else None,
        unit=unit_name(unit) if unit else None,
    )  # fmt: skip


async def directory_entries(
    tx: Transaction, rows: Sequence[Appointment], *, asked_for: Sequence[str]
) -> list[DirectoryEntry]:
    """One entry for each appointment, and one without unit for each person asked for by id who holds nothing today."""
    wanted = {UUID(one) for one in asked_for}
    idle = wanted - await queries.appointed_today(tx, wanted) if wanted else wanted
    people = await queries.people_of(tx, {row.person_id for row in rows} | idle)
    units = await queries.units_of(tx, {row.unit_id for row in rows})
    entries = [_entry(people[row.person_id], row, units[row.unit_id]) for row in rows]
    return entries + [_entry(people[one]) for one in sorted(idle) if one in people]


def unit_changed(row: UnitRow, teams: Sequence[Team], **more: object) -> events.UnitChanged:
    """The event that tells the whole unit; `more`: `effective_on`, and `path_before` where it moved."""
    periods = [
        events.TeamPeriod.model_validate({"team_code": one.code, "from": one.from_on, "to": one.to_on}) for one in teams
    ]
    return events.UnitChanged(
        unit_code=row.code, name=row.name, level=row.level, kind=row.kind, parent_code=row.parent_code,
        path=row.org_path, closed_on=row.closed_on, merged_into=row.merged_into, area_codes=row.area_codes,
        teams=periods, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def person_changed(row: Person) -> events.PersonChanged:
    digests = [events.Digest(**one) for one in row.digests]
    return events.PersonChanged(person_id=row.id, staff_no=row.staff_no, active=row.active, digests=digests)


def appointment_changed(row: Appointment, person: Person) -> events.AppointmentChanged:
    return events.AppointmentChanged.model_validate(
        {
            "appointment_id": row.id,
            "person_id": person.id,
            "staff_no": person.staff_no,
            "position": row.position,
            "unit_code": row.unit_code,
            "path": row.org_path,
            "from": row.from_on,
            "to": row.to_on,
        }
    )
