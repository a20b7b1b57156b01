"""How a second look is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.claims.claim.schemas import RecordState
from services.claims.second_look.rules import Kind
from services.claims.second_look.schemas import QualityCheckItem, QualityCheckOut
from services.claims.second_look.tables import QualityCheck
from shared import directory
from shared.actions import ActionOut
from shared.database import Transaction

_OF_PERSONS = (Kind.SURVEYOR, Kind.APPROVER)
_SHOWN_OF_A_DIGEST = 8


def state_of(row: QualityCheck) -> RecordState:
    return RecordState(id=row.id, version=row.version, status=row.status)


def _people(row: QualityCheck) -> list[UUID]:
    named = [UUID(one) for one in (row.subject or "").split("/")] if row.kind in _OF_PERSONS else []
    return [*named, *([row.checked_by] if row.checked_by else [])]


def _subject(row: QualityCheck, staff: Mapping[UUID, str]) -> str | None:
    if row.kind == Kind.SAMPLE or row.subject is None:
        return None
    if row.kind in _OF_PERSONS:
        return " / ".join(staff.get(UUID(one), "") for one in row.subject.split("/"))
    return row.subject[:_SHOWN_OF_A_DIGEST]


def _item(row: QualityCheck, staff: Mapping[UUID, str]) -> dict[str, Any]:
    names = ("id", "version", "created_at", "kind", "status", "unit_code", "claim_count", "total_amount", "due_at")
    told = {name: getattr(row, name) for name in (*names, "outcome", "checked_at")}
    return told | {"subject": _subject(row, staff)}


async def items(tx: Transaction, rows: Sequence[QualityCheck]) -> list[QualityCheckItem]:
    """The looks of a list."""
    staff = await directory.staff_numbers(tx, [one for row in rows for one in _people(row)])
    return [QualityCheckItem(**_item(row, staff)) for row in rows]


async def alone(tx: Transaction, row: QualityCheck, actions: Sequence[ActionOut]) -> QualityCheckOut:
    """One look with everything about it."""
    staff = await directory.staff_numbers(tx, _people(row))
    by = {"person_id": str(row.checked_by), "staff_no": staff.get(row.checked_by, "")} if row.checked_by else None
    return QualityCheckOut(
        **_item(row, staff), claims=row.claims, rule_version=row.rule_version, findings=row.findings, checked_by=by,
        available_actions=list(actions),
    )  # fmt: skip
