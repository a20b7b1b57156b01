"""How delegations are shown."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.delegation import rules
from gateway.delegation.queries import Around
from gateway.delegation.schemas import DelegationItem, DelegationOut, PersonNamed
from gateway.delegation.tables import DelegationRow
from gateway.organisation.shapes import unit_name
from shared.actions import Action, judged
from shared.actor import Actor


def _may_revoke(actor: Actor, known: tuple[rules.Delegation, date]) -> None:
    rules.may_revoke(actor, *known)


ACTIONS: tuple[Action[tuple[rules.Delegation, date]], ...] = (
    Action("revoke", "DELETE", "/v1/delegations/{id}", "organisation.delegation.revoke", _may_revoke),
)


def _members(row: DelegationRow, known: Around, day: date) -> dict[str, Any]:
    held = known.appointments[row.appointment_id]
    named = {one.id: PersonNamed(person_id=one.id, staff_no=one.staff_no) for one in known.persons.values()}
    return {
        "id": row.id, "version": row.version, "org_path": row.org_path, "created_at": row.created_at,
        "updated_at": row.updated_at, "status": row.facts().status(day), "delegator": named[row.from_person_id],
        "delegate": named[row.to_person_id], "appointment_id": row.appointment_id, "position": held.position,
        "unit": unit_name(known.units[held.unit_id]), "permissions": row.permissions, "limit": row.limit_amount,
        "from": row.from_on, "to": row.to_on, "reason": row.reason, "granted_by": row.granted_by,
        "revoked_at": row.revoked_at, "revoked_by": row.revoked_by,
    }  # fmt: skip


def item(row: DelegationRow, known: Around, day: date) -> DelegationItem:
    return DelegationItem(**_members(row, known, day))


def alone(row: DelegationRow, known: Around, day: date, actor: Actor, language: str) -> DelegationOut:
    """The delegation read singly, with what the caller may do about it."""
    actions = judged(ACTIONS, actor, (row.facts(), day), row.id, language)
    return DelegationOut(**_members(row, known, day), available_actions=actions)
