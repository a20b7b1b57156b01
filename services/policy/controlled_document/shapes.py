"""How documents and their movements are shown."""

from __future__ import annotations

from services.policy.controlled_document.schemas import CountOut, MovementOut
from services.policy.controlled_document.tables import DocumentCount, DocumentMovement


def movement(row: DocumentMovement, status: str | None = None) -> MovementOut:
    """One movement; `status`: what the documents are afterwards, where it has just happened."""
    return MovementOut(
        id=row.id, created_at=row.created_at, kind=row.kind, prefix=row.prefix, first=row.first_number,
        last=row.last_number, documents=row.last_number - row.first_number + 1, action=row.action, status=status,
        from_unit=row.from_unit, to_unit=row.to_unit, from_person_id=row.from_person_id,
        to_person_id=row.to_person_id, used_for=row.used_for, reason=row.reason, person_id=row.person_id,
    )  # fmt: skip


def count(row: DocumentCount, reconciled: int) -> CountOut:
    out = CountOut.model_validate(row)
    out.reconciled = reconciled
    return out
