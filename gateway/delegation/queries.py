"""Named reads of delegations: of those in the caller's scope, and of those that concern the caller himself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from gateway.authority.queries import published_tables
from gateway.delegation.tables import DelegationRow
from gateway.organisation.queries import people_of, today, units_of
from gateway.organisation.tables import Appointment, Person, UnitRow
from shared.actor import Actor
from shared.authority import AuthorityTable, covers, in_force
from shared.database import Transaction, path_range
from shared.errors import Fault, InvalidParameter, NotFound, Text
from shared.pagination import Filter, Listing

_FILTERS = {
    "to_person_id": Filter(DelegationRow.to_person_id, UUID),
    "from_person_id": Filter(DelegationRow.from_person_id, UUID),
    "appointment_id": Filter(DelegationRow.appointment_id, UUID),
    "from": Filter(DelegationRow.from_on, date, ranged=True),
    "to": Filter(DelegationRow.to_on, date, ranged=True),
}


def listing(day: date) -> Listing:
    """The list as it is asked on `day`: which delegations are active depends on it."""
    row = DelegationRow
    standing: Mapping[str, Any] = {
        "revoked": row.revoked_at.is_not(None),
        "planned": and_(row.revoked_at.is_(None), row.from_on > day),
        "active": and_(row.revoked_at.is_(None), row.from_on <= day, row.to_on > day),
        "ended": and_(row.revoked_at.is_(None), row.to_on <= day),
    }
    return Listing(
        model=row, filters=_FILTERS, sorts={"created_at": row.created_at, "from": row.from_on, "to": row.to_on},
        conditions={"status": _chosen(standing)},
    )  # fmt: skip


def _chosen(standing: Mapping[str, Any]) -> Callable[[str], Any]:
    def condition(text: str) -> Any:
        if text not in standing:
            words = Text(f"可取值：{'、'.join(standing)}。", f"One of {', '.join(standing)}.")
            raise InvalidParameter(Fault("invalid_parameter", words, parameter="status"))
        return standing[text]

    return condition


def visible(actor: Actor) -> Any:
    """Those of the caller's scope, and wherever they lie those that he gave or was given; wants scope `00`."""
    mine = or_(DelegationRow.to_person_id == actor.person_id, DelegationRow.from_person_id == actor.person_id)
    return select(DelegationRow).where(or_(path_range(DelegationRow.org_path, actor.scope), mine))


async def find(tx: Transaction, delegation_id: UUID, *, lock: bool = False) -> DelegationRow:
    """A delegation that the caller may see. Leaves the transaction in scope `00`. Raises `NotFound`."""
    await tx.use_scope("00")
    statement = select(DelegationRow).where(DelegationRow.id == delegation_id)
    row = await tx.scalar(statement.with_for_update() if lock else statement)
    persons = () if row is None else (row.from_person_id, row.to_person_id)
    if row is None or not (covers(row.org_path, tx.actor.scope) or tx.actor.person_id in persons):
        raise NotFound()
    return row


async def given_to(tx: Transaction, person_id: UUID) -> Sequence[DelegationRow]:
    """Everything delegated to a person that has not ended or been revoked, the earliest first; wants scope `00`."""
    row = DelegationRow
    statement = select(row).where(row.to_person_id == person_id, row.revoked_at.is_(None), row.to_on > today(tx))
    return await tx.scalars(statement.order_by(row.from_on, row.id))


async def standing_at(tx: Transaction, unit_code: str, positions: Iterable[str]) -> Sequence[DelegationRow]:
    """What holders of `positions` at the unit have delegated and what runs today; wants scope `00`."""
    row, day = DelegationRow, today(tx)
    statement = (
        select(row)
        .join(Appointment, Appointment.id == row.appointment_id)
        .where(Appointment.unit_code == unit_code, Appointment.position.in_(list(positions)))
        .where(row.revoked_at.is_(None), row.from_on <= day, row.to_on > day)
    )
    return await tx.scalars(statement.order_by(row.from_on, row.id))


async def by_id(tx: Transaction, delegation_id: UUID) -> DelegationRow | None:
    return await tx.scalar(select(DelegationRow).where(DelegationRow.id == delegation_id))


async def table_in_force(tx: Transaction) -> AuthorityTable | None:
    """The table of limits that counts today; wants scope `00`."""
    return in_force([row.table() for row in await published_tables(tx)], today(tx))


@dataclass(frozen=True, slots=True)
class Around:
    """What is shown beside the rows: persons, appointments, units, each by id."""

    persons: Mapping[UUID, Person]
    appointments: Mapping[UUID, Appointment]
    units: Mapping[UUID, UnitRow]


async def around(tx: Transaction, rows: Iterable[DelegationRow]) -> Around:
    """Everything that the rows name; wants scope `00`."""
    rows = list(rows)
    persons = await people_of(tx, {one for row in rows for one in (row.from_person_id, row.to_person_id)})
    ids = {row.appointment_id for row in rows}
    held = {row.id: row for row in await tx.scalars(select(Appointment).where(Appointment.id.in_(list(ids))))}
    return Around(persons, held, await units_of(tx, {row.unit_id for row in held.values()}))
