"""Changes of teams, of people and of what they hold; each function is one transaction.

Whatever changes what somebody may do counts the person's epoch up and is announced on the database's own channel, so
that every gateway process forgets the caller at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from gateway.organisation import queries, rules, shapes
from gateway.organisation.schemas import (
    Appoint,
    ChangePerson,
    ChangeTeam,
    DeclarationsOut,
    Declare,
    Declared,
    OpenTeam,
    RecordVersion,
    RegisterPerson,
)
from gateway.organisation.tables import Appointment, Person, Team, UnitRow
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.masking import keyed_digest
from shared.ticks import Tick, one_by_one

CHANNEL = "anlan_callers"

TREE = text("select pg_advisory_xact_lock(hashtextextended('organisation.tree', 0))")
"""Whoever changes the tree waits for whoever does so already."""
_NOTIFY = text("select pg_notify(:channel, :payload)")


async def announce(tx: Transaction, person_id: UUID | None) -> None:
    """With the commit every gateway process forgets this caller; None: all of them (a unit changed)."""
    await tx.execute(_NOTIFY, {"channel": CHANNEL, "payload": str(person_id or "*")})


async def authority_changed(tx: Transaction, person: Person) -> None:
    """What the person may do has changed: tokens made before are void."""
    person.auth_epoch += 1
    await announce(tx, person.id)


async def open_team(db: Database, actor: Actor, key: RequestKey, command: OpenTeam) -> Answer:
    """Give a unit that sells a team; the unit's event names all of its teams."""
    async with db.transaction(actor, key) as tx:
        await tx.execute(TREE)
        unit = await queries.unit_of_code(tx, command.unit_code, lock=True)
        if unit is None:
            raise ReferenceNotFound.at("#/unit_code")
        rules.may_have_teams(unit.level)
        rules.ordered_period(command.from_on, command.to_on)
        closes_on = await queries.closes_on(tx, unit)
        rules.works_in(unit.opened_on, closes_on, command.from_on, command.to_on or closes_on)
        await tx.use_scope("00")
        if await queries.taken(tx, Team.code, command.code):
            raise rules.TeamCodeTaken(team_code=command.code)
        team = Team(id=uuid7(), version=1, org_path=unit.org_path, unit_id=unit.id, **command.model_dump())
        tx.add(team)
        await tx.flush()
        teams = await queries.teams_of(tx, unit.id)
        tx.publish(shapes.unit_changed(unit, teams, effective_on=command.from_on), unit)
        tx.note("open", team, after={"code": team.code, "unit_code": team.unit_code})
        return tx.answer(shapes.team_item(team), location=f"/v1/teams/{team.id}", version=team.version)


async def change_team(
    db: Database, actor: Actor, key: RequestKey, team_id: UUID, version: int | None, command: ChangeTeam
) -> Answer:
    """Give a team another name, or its last day; the unit's event names all of its teams."""
    async with db.transaction(actor, key) as tx:
        await tx.execute(TREE)
        team = await tx.find_for_change(Team, team_id, version)
        before = _team_told(team)
        if command.to_on is not None:
            rules.ordered_period(team.from_on, command.to_on)
            rules.not_in_past(command.to_on, queries.today(tx))
            team.to_on = command.to_on
        team.name = command.name or team.name
        unit = await tx.find(UnitRow, team.unit_id)
        teams = await queries.teams_of(tx, unit.id)
        tx.publish(shapes.unit_changed(unit, teams, effective_on=queries.today(tx)), unit)
        tx.note("change", team, before=before, after=_team_told(team))
        return tx.answer(shapes.team_item(team), status=200, version=team.version)


def _team_told(team: Team) -> dict[str, Any]:
    return {"name": team.name, "to": None if team.to_on is None else team.to_on.isoformat()}


async def register_person(
    db: Database, actor: Actor, key: RequestKey, command: RegisterPerson, language: str
) -> Answer:
    """Enter a person or a machine who holds nothing yet; the home is the caller's unit until the first position."""
    async with db.transaction(actor, key) as tx:
        await tx.use_scope("00")
        if await queries.taken(tx, Person.staff_no, command.staff_no):
            raise rules.StaffNoTaken()
        person = Person(
            id=uuid7(), version=1, org_path=actor.scope, active=True, auth_epoch=1, digests=[], **command.model_dump()
        )
        tx.add(person)
        tx.publish(shapes.person_changed(person), person)
        tx.note("register", person, after={"staff_no": person.staff_no, "kind": person.kind})
        out = shapes.person_alone(person, (), actor, language)
        return tx.answer(out, location=f"/v1/people/{person.id}", version=person.version)


async def change_person(
    db: Database, actor: Actor, key: RequestKey, person_id: UUID, version: int | None, command: ChangePerson,
    language: str,
) -> Answer:  # fmt: skip
    """Correct a name, or record the exit: every appointment ends today, wherever it is."""
    async with db.transaction(actor, key) as tx:
        person = await tx.find_for_change(Person, person_id, version)
        rules.may_appoint(actor, person_id)
        before = {"active": person.active}
        await tx.use_scope("00")
        person.name = command.name or person.name
        if command.active is False and person.active:
            person.active = False
            for held in await queries.appointments_of(tx, person.id):
                if held.to_on is None or held.to_on > max(queries.today(tx), held.from_on):
                    await _end(tx, held, person)
            tx.publish(shapes.person_changed(person), person)
        await authority_changed(tx, person)
        tx.note("change", person, before=before, after={"active": person.active})
        held = await queries.appointments_of(tx, person.id)
        out = shapes.person_alone(person, held, actor, language)
        return tx.answer(out, status=200, version=person.version)


async def grant_appointment(
    db: Database, actor: Actor, key: RequestKey, person_id: UUID, version: int | None, command: Appoint,
    positions: rules.Positions,
) -> Answer:  # fmt: skip
    """Give a person a position. The person's row is locked, so two grants cannot each miss the other's position."""
    async with db.transaction(actor, key) as tx:
        person = await tx.find_for_change(Person, person_id, version)
        rules.may_appoint(actor, person_id)
        unit = await queries.unit_of_code(tx, command.unit_code, lock=True)
        if unit is None:
            raise ReferenceNotFound.at("#/unit_code")
        await tx.use_scope("00")
        held = await queries.appointments_of(tx, person_id)
        new = rules.Held(command.position, unit.code, command.from_on, command.to_on)
        former = [rules.Held(one.position, one.unit_code, one.from_on, one.to_on) for one in held]
        rules.may_hold(positions, person.kind, person.active, former, new, unit.level, unit.kind)
        rules.works_in(unit.opened_on, await queries.closes_on(tx, unit), command.from_on, command.to_on)
        row = Appointment(
            id=uuid7(), org_path=unit.org_path, person_id=person.id, unit_id=unit.id, unit_code=unit.code,
            position=command.position, from_on=command.from_on, to_on=command.to_on,
        )  # fmt: skip
        tx.add(row)
        if not held:
            person.org_path = unit.org_path
        await authority_changed(tx, person)
        tx.publish(shapes.appointment_changed(row, person), row)
        tx.note("appoint", person, after=_told(row))
        where = f"/v1/people/{person.id}/appointments/{row.id}"
        return tx.answer(shapes.appointment_fact(row, person), location=where, version=person.version)


async def end_appointment(
    db: Database, actor: Actor, key: RequestKey, person_id: UUID, appointment_id: UUID, version: int | None,
    effective_on: date | None = None,
) -> Answer:  # fmt: skip
    """End an appointment today or with a later day; one that has not begun by then never begins."""
    async with db.transaction(actor, key) as tx:
        person = await tx.find_for_change(Person, person_id, version)
        rules.may_appoint(actor, person_id)
        found = select(Appointment).where(Appointment.id == appointment_id, Appointment.person_id == person_id)
        row = await tx.scalar(found.with_for_update())
        if row is None:
            raise NotFound()
        before = _told(row)
        await tx.use_scope("00")
        await _end(tx, row, person, effective_on)
        await authority_changed(tx, person)
        tx.note("end_appointment", person, before=before, after=_told(row))
        return tx.answer(shapes.appointment_fact(row, person), status=200, version=person.version)


async def _end(tx: Transaction, row: Appointment, person: Person, effective_on: date | None = None) -> None:
    today = queries.today(tx)
    row.to_on = rules.end_of(row.from_on, row.to_on, today, effective_on)
    row.turn_on = rules.next_turn(row.from_on, row.to_on, today)
    tx.publish(shapes.appointment_changed(row, person), row)


async def turning(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Appointments that begin or end by today, dated so earlier and not told on their day."""
    due = select(Appointment.id).where(Appointment.turn_on <= queries.today(tx))
    return await tx.scalars(due.order_by(Appointment.turn_on, Appointment.id).limit(limit))


async def turn(tx: Transaction, appointment_id: UUID) -> None:
    """On its day an appointment is told again to all, and every sign-in of the person is judged anew."""
    row = await tx.scalar(select(Appointment).where(Appointment.id == appointment_id).with_for_update())
    today = queries.today(tx)
    if row is None or row.turn_on is None or row.turn_on > today:
        return
    person = await tx.scalar(select(Person).where(Person.id == row.person_id).with_for_update())
    row.turn_on = rules.next_turn(row.from_on, row.to_on, today)
    await authority_changed(tx, person)
    tx.publish(shapes.appointment_changed(row, person), row)
    begun = rules.in_force(row.from_on, row.to_on, today)
    tx.note("appointment_begins" if begun else "appointment_ends", person, after=_told(row))


TURNS = Tick("appointments_turned", timedelta(minutes=1), one_by_one(turning, turn))


def _told(row: Appointment) -> dict[str, Any]:
    return {
        "position": row.position,
        "unit_code": row.unit_code,
        "from": row.from_on.isoformat(),
        "to": None if row.to_on is None else row.to_on.isoformat(),
    }


async def declare(
    db: Database, actor: Actor, key: RequestKey, person_id: UUID, command: Declare, digest_key: bytes
) -> Answer:
    """Replace everything the person has declared. Only keyed digests are kept and published."""
    async with db.transaction(actor, key) as tx:
        if person_id == actor.person_id:
            await tx.use_scope("00")  # a second appointment may lie elsewhere than the person's own record
        person = await tx.find_for_change(Person, person_id, None)
        rules.may_declare(actor, person_id)
        own = _digests(command.own, "self", digest_key)
        relatives = [one for kin in command.relatives for one in _digests(kin, "relative", digest_key)]
        before = {"digests": len(person.digests)}
        person.digests = [*own, *relatives]
        tx.publish(shapes.person_changed(person), person)
        tx.note("declare", person, before=before, after={"digests": len(person.digests)})
        about = RecordVersion(id=person.id, version=person.version)
        out = DeclarationsOut(person=about, own=len(own), relatives=len(relatives))
        return tx.answer(out, status=200, version=person.version)


def _digests(told: Declared, of: str, key: bytes) -> list[dict[str, str]]:
    values = [
        ("id", told.id_no),
        *(("phone", one) for one in told.phones),
        *(("account", one) for one in told.accounts),
    ]
    return [{"kind": kind, "of": of, "digest": keyed_digest(key, value)} for kind, value in values if value]
