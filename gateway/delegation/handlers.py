"""Granting and revoking; each function is one transaction. What a delegation allows is judged anew at every use."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from gateway.delegation import queries, rules, shapes
from gateway.delegation.schemas import DelegationOut, Grant
from gateway.delegation.tables import DelegationRow
from gateway.organisation.handlers import announce
from gateway.organisation.queries import today
from gateway.organisation.tables import Appointment, Person
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, VersionStale
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def grant(
    db: Database, actor: Actor, key: RequestKey, command: Grant, matrix: rules.Permissions, people: Any, language: str
) -> Answer:
    """Delegate. `people(tx, person_id)` tells what somebody holds."""
    async with db.transaction(actor, key) as tx:
        held = await _appointment(tx, command.appointment_id or actor.appointment_id)
        own = held.person_id == actor.person_id
        rules.may_delegate(actor, held.person_id, command.to_person_id, own_appointment=own)
        await tx.use_scope("00")
        # the persons' rows in one order, so that a grant and a change of what either holds do not pass each other
        locked = select(Person.id).where(Person.id.in_([held.person_id, command.to_person_id])).order_by(Person.id)
        await tx.execute(locked.with_for_update())
        delegator, delegate = await people(tx, held.person_id), await people(tx, command.to_person_id)
        if delegate is None:
            raise ReferenceNotFound.at("#/to_person_id")
        seat = next((one for one in delegator.posts if one.id == held.id), None) if delegator.active else None
        if seat is None:
            raise ReferenceNotFound.at("#/appointment_id")
        table = await queries.table_in_force(tx)
        rules.check_permissions(matrix, seat, command.permissions)
        rules.check_limit(matrix, table, seat, command.permissions, command.limit)
        rules.check_period(seat, command.from_on, command.to_on, today(tx))
        rules.check_delegate(matrix, seat, delegate, command.from_on)
        row = DelegationRow(
            id=uuid7(), version=1, org_path=held.org_path, appointment_id=held.id, from_person_id=held.person_id,
            to_person_id=command.to_person_id, permissions=sorted(set(command.permissions)),
            limit_amount=command.limit, from_on=command.from_on, to_on=command.to_on, reason=command.reason,
            granted_by=actor.person_id, table_version=None if table is None else table.version,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        await announce(tx, row.to_person_id)
        tx.note("grant", row, after=_told(row), reason=command.reason)
        out = await _shown(tx, row, language)
        return tx.answer(out, location=f"/v1/delegations/{row.id}", version=row.version)


async def _appointment(tx: Transaction, appointment_id: UUID) -> Appointment:
    """The appointment named: one in the caller's scope, or one of his own wherever it is."""
    found = select(Appointment).where(Appointment.id == appointment_id)
    row = await tx.scalar(found)
    if row is None:
        await tx.use_scope("00")
        row = await tx.scalar(found.where(Appointment.person_id == tx.actor.person_id))
    if row is None:
        raise ReferenceNotFound.at("#/appointment_id")
    return row


async def revoke(
    db: Database, actor: Actor, key: RequestKey, delegation_id: UUID, version: int | None, language: str
) -> Answer:
    """End a delegation; the delegate's next request is judged without it."""
    async with db.transaction(actor, key) as tx:
        row = await queries.find(tx, delegation_id, lock=True)
        if version is not None and row.version != version:
            raise VersionStale(current_version=row.version)
        rules.may_revoke(actor, row.facts(), today(tx))
        row.version, row.updated_at = row.version + 1, tx.now
        row.revoked_at, row.revoked_by = tx.now, actor.person_id
        await announce(tx, row.to_person_id)
        tx.note("revoke", row, before={"revoked": False}, after={"revoked": True})
        return tx.answer(await _shown(tx, row, language), status=200, version=row.version)


async def _shown(tx: Transaction, row: DelegationRow, language: str) -> DelegationOut:
    return shapes.alone(row, await queries.around(tx, [row]), today(tx), tx.actor, language)


def _told(row: DelegationRow) -> dict[str, Any]:
    return {
        "appointment_id": str(row.appointment_id), "to_person_id": str(row.to_person_id),
        "permissions": row.permissions, "limit": row.limit_amount, "from": row.from_on.isoformat(),
        "to": row.to_on.isoformat(), "table_version": row.table_version,
    }  # fmt: skip
