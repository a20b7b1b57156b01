"""A service's own copy of the tree, of persons, appointments and authority tables, kept by organisation events.

Written once for all services. A copy never goes back: an event with a lower record version is ignored. Nobody is
asked at the time of a decision; what is not here yet is not known, and a service is not ready before it holds unit
`00`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import Boolean, Column, Date, Integer, Table, Text, Uuid, and_, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from shared.authority import AuthorityTable, LadderEntry, Unit
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import Conflict
from shared.errors import Text as Words
from shared.events import Consumer, Received, consumes
from shared.kernel import kernel
from shared.unit_moves import follow, former_units, remember

directory_units = Table(
    "directory_units",
    kernel,
    Column("code", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_code", Text, nullable=True),
    Column("area_codes", JSONB, nullable=False),
    Column("teams", JSONB, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("closed_on", Date, nullable=True),
    Column("merged_into", Text, nullable=True),
    Column("record_version", Integer, nullable=False),
)
directory_persons = Table(
    "directory_persons",
    kernel,
    Column("person_id", Uuid, primary_key=True),
    Column("staff_no", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("digests", JSONB, nullable=False),
    Column("record_version", Integer, nullable=False),
)
directory_appointments = Table(
    "directory_appointments",
    kernel,
    Column("appointment_id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("staff_no", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("unit_code", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("to_on", Date, nullable=True),
    Column("record_version", Integer, nullable=False),
)
directory_authority_tables = Table(
    "directory_authority_tables",
    kernel,
    Column("version", Text, primary_key=True),
    Column("effective_from", Date, nullable=False),
    Column("entries", JSONB, nullable=False),
)


class NoAuthorityTable(Conflict):
    code = "no_authority_table"
    title = Words("当日没有生效的权限表", "No authority table in force")
    detail = Words("当日没有生效的权限表，请稍后重试。", "No authority table is in force on that day; try again later.")


class UnitChanged(BaseModel):
    unit_code: str
    level: str
    kind: str
    name: str
    path: str
    parent_code: str | None = None
    effective_on: date
    closed_on: date | None = None
    merged_into: str | None = None
    path_before: str | None = None
    area_codes: list[str] = Field(default_factory=list)
    teams: list[dict[str, Any]] = Field(default_factory=list)


class PersonChanged(BaseModel):
    person_id: UUID
    staff_no: str
    active: bool
    digests: list[dict[str, str]] = Field(default_factory=list)


class AppointmentChanged(BaseModel):
    appointment_id: UUID
    person_id: UUID
    staff_no: str
    position: str
    unit_code: str
    path: str
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class AuthorityTablePublished(BaseModel):
    version: str
    effective_from: date
    entries: list[dict[str, Any]]


async def _keep(tx: Transaction, table: Table, key: str, *rows: Mapping[str, Any]) -> None:
    statement = insert(table)
    newer = {name: statement.excluded[name] for name in rows[0] if name != key}
    condition = table.c.record_version < statement.excluded.record_version
    await tx.execute(statement.on_conflict_do_update(index_elements=[key], set_=newer, where=condition), rows)


@consumes("organisation.unit.changed.v1")
async def unit_changed(tx: Transaction, event: Received[UnitChanged]) -> None:
    """Keep the newest state; what lies where the unit was before follows it, whichever event came first."""
    told, units = event.data, directory_units.c
    row = told.model_dump(mode="python", exclude={"path_before", "unit_code"})
    row, code = row | {"code": told.unit_code, "record_version": event.record_version}, told.unit_code
    held = await tx.scalar(select(units.path).where(units.code == code))
    await _keep(tx, directory_units, "code", row)
    now = (await tx.execute(select(units.path, units.merged_into).where(units.code == code))).one()
    remains = code if now.merged_into is None else await _remaining(tx, now.merged_into)
    path = now.path if remains == code else await tx.scalar(select(units.path).where(units.code == remains))
    former = {one for one in (told.path_before, told.path, held, now.path) if one is not None and one != path}
    if (former or held is None) and await remember(tx, *sorted(former), code=code, unit_code=remains, path=path):
        await follow(tx)


async def _remaining(tx: Transaction, code: str) -> str:
    """The unit that is left of `code` after all mergers known here."""
    seen = {code}
    while (into := await tx.scalar(select(directory_units.c.merged_into).where(directory_units.c.code == code))) and (
        into not in seen
    ):
        seen.add(code := into)
    return code


async def _people(tx: Transaction, *events: Received[PersonChanged]) -> None:
    rows = [one.data.model_dump() | {"record_version": one.record_version} for one in events]
    await _keep(tx, directory_persons, "person_id", *rows)


async def _appointments(tx: Transaction, *events: Received[AppointmentChanged]) -> None:
    rows = [one.data.model_dump() | {"record_version": one.record_version} for one in events]
    gone = former_units.c
    moved = select(gone.path, gone.leads_to).where(gone.path.in_({row["path"] for row in rows}))
    leads = {path: leads_to for path, leads_to in await tx.execute(moved)}
    await _keep(tx, directory_appointments, "appointment_id", *(
        row | {"path": leads.get(row["path"]) or row["path"]} for row in rows
    ))  # fmt: skip


async def _copies(tx: Transaction, events: Sequence[tuple[Consumer, Received[Any]]]) -> None:
    """People and appointments need nothing of each other, so each kind is written at once."""
    for kind, keep in ((PersonChanged, _people), (AppointmentChanged, _appointments)):
        if told := [event for _, event in events if isinstance(event.data, kind)]:
            await keep(tx, *told)


@consumes("organisation.person.changed.v1", together=_copies)
async def person_changed(tx: Transaction, event: Received[PersonChanged]) -> None:
    await _people(tx, event)


@consumes("organisation.appointment.changed.v1", together=_copies)
async def appointment_changed(tx: Transaction, event: Received[AppointmentChanged]) -> None:
    await _appointments(tx, event)


@consumes("organisation.authority_table.published.v1")
async def authority_table_published(tx: Transaction, event: Received[AuthorityTablePublished]) -> None:
    await tx.execute(insert(directory_authority_tables).values(**event.data.model_dump()).on_conflict_do_nothing())


DIRECTORY_CONSUMERS = (unit_changed, person_changed, appointment_changed, authority_table_published)


def _unit(row: Mapping[str, Any]) -> Unit:
    return Unit(code=row["code"], path=row["path"], level=row["level"], kind=row["kind"], name=row["name"])


async def units_by_code(tx: Transaction, codes: Iterable[str]) -> dict[str, Unit]:
    """The units with these codes that are known here, a merged one as the unit that is left of it.

    Asked for once in a transaction, and outside the record filter, since a name is no record.
    """
    held: dict[str, Unit | None] = tx.remembered.setdefault("units", {})
    wanted = list(dict.fromkeys(codes))
    asked = [code for code in wanted if code not in held]
    if asked:
        rows = await tx.execute(select(directory_units).where(directory_units.c.code.in_(asked)))
        held.update(dict.fromkeys(asked))
        for row in rows.mappings().all():
            merged = row["merged_into"] is not None
            held[row["code"]] = (
                await unit_by_code(tx, await _remaining(tx, row["merged_into"])) if merged else _unit(row)
            )
    return {code: unit for code in wanted if (unit := held[code]) is not None}


async def paths_of(tx: Transaction, codes: Iterable[str]) -> dict[str, str]:
    """Org path by unit code, for the `unit_code` filter of lists; an unknown code is left out."""
    return {code: unit.path for code, unit in (await units_by_code(tx, codes)).items()}


async def unit_by_code(tx: Transaction, code: str) -> Unit | None:
    return (await units_by_code(tx, [code])).get(code)


async def units_on_path(tx: Transaction, path: str) -> list[Unit]:
    """The units from the one at `path` up to the head office, the lowest first."""
    steps = path.split(".")
    paths = [".".join(steps[: i + 1]) for i in range(len(steps))]
    units = (await units_by_code(tx, steps)).values()
    return sorted((one for one in units if one.path in paths), key=lambda unit: -len(unit.path))


async def authority_table_at(tx: Transaction, day: date | None = None) -> AuthorityTable:
    """The table in force on `day` (default: the transaction's). Raises `NoAuthorityTable`."""
    tables = directory_authority_tables.c
    on = day or legal_day(tx.now)
    statement = (
        select(directory_authority_tables)
        .where(tables.effective_from <= on)
        .order_by(tables.effective_from.desc(), tables.version.desc())
        .limit(1)
    )
    row = (await tx.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoAuthorityTable()
    entries = tuple(LadderEntry.of(one) for one in row["entries"])
    return AuthorityTable(version=row["version"], effective_from=row["effective_from"], entries=entries)


def _in_force(on: date) -> Any:
    held = directory_appointments.c
    return and_(held.from_on <= on, or_(held.to_on.is_(None), held.to_on > on))


async def appointments(
    tx: Transaction, *, position: str | None = None, unit_code: str | None = None, person_id: UUID | None = None
) -> Sequence[Mapping[str, Any]]:
    """Appointments in force today that match, as rows of `directory_appointments`."""
    held = directory_appointments.c
    statement = select(directory_appointments).where(_in_force(legal_day(tx.now)))
    for column, value in ((held.position, position), (held.unit_code, unit_code), (held.person_id, person_id)):
        if value is not None:
            statement = statement.where(column == value)
    return (await tx.execute(statement.order_by(held.staff_no))).mappings().all()


async def person_of_staff_no(tx: Transaction, staff_no: str) -> UUID | None:
    """The person with this staff number, active or not; asked for once in a transaction."""
    held: dict[str, UUID | None] = tx.remembered.setdefault("staff_numbers", {})
    if staff_no not in held:
        people = directory_persons.c
        held[staff_no] = await tx.scalar(select(people.person_id).where(people.staff_no == staff_no))
    return held[staff_no]


async def staff_numbers(tx: Transaction, person_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Staff numbers of persons; names come from the gateway's directory alone."""
    wanted = list(set(person_ids))
    people = directory_persons.c
    if not wanted:
        return {}
    rows = await tx.execute(select(people.person_id, people.staff_no).where(people.person_id.in_(wanted)))
    return {key: value for key, value in rows}


async def declared(tx: Transaction, digests: Iterable[str]) -> list[tuple[UUID, str]]:
    """Staff who are, or declared a relative who is, behind one of these digests: (person, `self` or `relative`)."""
    wanted = set(digests)
    if not wanted:
        return []
    people = directory_persons.c
    behind = or_(*(people.digests.contains([{"digest": digest}]) for digest in sorted(wanted)))
    rows = await tx.execute(select(people.person_id, people.digests).where(behind))
    return [(person_id, one["of"]) for person_id, held in rows for one in held if one["digest"] in wanted]
