"""Units, teams, people, appointments, declarations and the directory over HTTP.

`call.state.callers` forgets whom a change concerns before the answer leaves, so the next request is judged anew.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from gateway.organisation import handlers, queries, shapes
from gateway.organisation.schemas import (
    Appoint,
    AppointmentFactOut,
    ChangePerson,
    ChangeTeam,
    DeclarationsOut,
    Declare,
    OpenTeam,
    PersonItem,
    PersonOut,
    RegisterPerson,
    TeamItem,
    UnitItem,
    UnitOut,
)
from gateway.organisation.tables import Person, UnitRow
from shared.database import Transaction
from shared.errors import Fault, InvalidParameter, Text
from shared.pagination import Asked, Listing, Page, page, read_query, shaped
from shared.routing import Changes, Creates, Edits, Reads, Room, sent, shown

room = Room(tags=["organisation"])

EffectiveOn = Annotated[date | None, Query(description="The first day without it; today where it is left out.")]


async def _asked(tx: Transaction, listing: Listing, request: Request) -> Asked:
    paths = await queries.paths_of(tx, request.query_params.getlist("unit_code"))
    return read_query(listing, request.query_params.multi_items(), paths.get)


def _day(request: Request) -> date | None:
    """The day that a list of the tree is asked for. Raises `InvalidParameter`."""
    given = request.query_params.get("on")
    try:
        return None if given is None else date.fromisoformat(given)
    except ValueError:
        words = Text("该值无效。", "This value is not valid.")
        raise InvalidParameter(Fault("invalid_parameter", words, parameter="on")) from None


@room.reads("/v1/units", Page[UnitItem], may="organisation.unit.read", free_query=True)
async def list_units(request: Request, call: Reads) -> Response:
    """The caller's unit and those below it, in the order of the tree, as they are or as they were `on` a day."""
    day = _day(request)
    async with call.db.transaction(call.actor) as tx:
        listing = queries.units_now(queries.today(tx)) if day is None else queries.units_on(day)
        asked = await _asked(tx, listing, request)
        rows, cursor, total = await page(tx, listing, asked, call.state.secret)
        units = [shapes.unit_item(row) for row in rows] if day is None else await shapes.units_on(tx, rows, day)
        return shown(shaped(units, cursor, total), fields=asked.fields)


@room.reads("/v1/units/{unit_id}", UnitOut, may="organisation.unit.read")
async def read_unit(unit_id: UUID, call: Reads) -> Response:
    """One unit."""
    async with call.db.transaction(call.actor) as tx:
        unit = await tx.find(UnitRow, unit_id)
        return shown(await shapes.unit_alone(tx, unit, call.actor, call.language), version=unit.version)


@room.reads("/v1/teams", Page[TeamItem], may="organisation.team.read", free_query=True)
async def list_teams(request: Request, call: Reads) -> Response:
    """Sales teams of the caller's unit and of those below it."""
    async with call.db.transaction(call.actor) as tx:
        asked = await _asked(tx, queries.TEAMS, request)
        rows, cursor, total = await page(tx, queries.TEAMS, asked, call.state.secret)
        return shown(shaped([shapes.team_item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/teams", TeamItem, may="organisation.team.open")
async def open_team(command: OpenTeam, call: Creates) -> Response:
    """Give a unit a sales team."""
    return sent(await handlers.open_team(call.db, call.actor, call.key, command))


@room.patches("/v1/teams/{team_id}", TeamItem, may="organisation.team.change")
async def change_team(team_id: UUID, command: ChangeTeam, call: Edits) -> Response:
    """Give a team another name, or end it."""
    return sent(await handlers.change_team(call.db, call.actor, call.key, team_id, call.version, command))


@room.reads("/v1/people", Page[PersonItem], may="organisation.person.read", free_query=True)
async def list_people(request: Request, call: Reads) -> Response:
    """People whose home lies in the caller's scope, by staff number."""
    async with call.db.transaction(call.actor) as tx:
        asked = await _asked(tx, queries.PEOPLE, request)
        rows, cursor, total = await page(tx, queries.PEOPLE, asked, call.state.secret)
        return shown(shaped([shapes.person_item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/people", PersonOut, may="organisation.person.register")
async def register_person(command: RegisterPerson, call: Creates) -> Response:
    """Enter a person under a staff number of its own."""
    return sent(await handlers.register_person(call.db, call.actor, call.key, command, call.language))


@room.reads("/v1/people/{person_id}", PersonOut, may="organisation.person.read")
async def read_person(person_id: UUID, call: Reads) -> Response:
    """One person with the appointments in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        person = await tx.find(Person, person_id)
        held = await queries.appointments_of(tx, person_id)
        return shown(shapes.person_alone(person, held, call.actor, call.language), version=person.version)


@room.patches("/v1/people/{person_id}", PersonOut, may="organisation.person.register")
async def change_person(person_id: UUID, command: ChangePerson, call: Edits) -> Response:
    """Correct a name, or record that the person has left."""
    answer = await handlers.change_person(
        call.db, call.actor, call.key, person_id, call.version, command, call.language
    )  # fmt: skip
    call.state.callers.forget(person_id)
    return sent(answer)


@room.posts(
    "/v1/people/{person_id}/appointments", AppointmentFactOut, may="organisation.appointment.grant", step_up=True
)
async def grant_appointment(person_id: UUID, command: Appoint, call: Changes) -> Response:
    """Give a person a position at a unit."""
    answer = await handlers.grant_appointment(
        call.db, call.actor, call.key, person_id, call.version, command, call.state.matrix
    )
    call.state.callers.forget(person_id)
    return sent(answer)


@room.deletes(
    "/v1/people/{person_id}/appointments/{appointment_id}", AppointmentFactOut, may="organisation.appointment.end"
)
async def end_appointment(
    person_id: UUID, appointment_id: UUID, call: Edits, effective_on: EffectiveOn = None
) -> Response:
    """End an appointment today or with a later day."""
    answer = await handlers.end_appointment(
        call.db, call.actor, call.key, person_id, appointment_id, call.version, effective_on
    )
    call.state.callers.forget(person_id)
    return sent(answer)


@room.puts("/v1/people/{person_id}/declarations", DeclarationsOut, may="organisation.person.declare")
async def declare(person_id: UUID, command: Declare, call: Reads) -> Response:
    """Declare the own numbers and those of relatives; what was declared before is replaced whole."""
    return sent(await handlers.declare(call.db, call.actor, call.key, person_id, command, call.state.digest_key))
