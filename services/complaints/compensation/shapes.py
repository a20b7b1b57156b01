"""How the approval of a compensation is shown."""

from __future__ import annotations

from uuid import UUID

from services.complaints.compensation import queries
from services.complaints.compensation.schemas import ApprovalOut
from services.complaints.complaint.tables import Complaint
from shared.clock import rfc3339
from shared.database import Transaction
from shared.money import yuan


async def approval(tx: Transaction, complaint_id: UUID, compensation_id: UUID) -> ApprovalOut:
    """The chain of one compensation. Raises `NotFound`."""
    complaint = await tx.find(Complaint, complaint_id)
    row = await queries.one_of(tx, complaint, compensation_id)
    now = (await queries.basis_of(tx, complaint, row)).standing()
    steps = [
        {
            "unit_code": one.unit.code, "level": one.level, "position": one.position, "kind": one.kind,
            "limit": None if one.limit.amount is None else yuan(one.limit.amount),
        }
        for one in now.steps
    ]  # fmt: skip
    acts = [
        {
            "at": rfc3339(one.created_at), "step": one.step, "kind": one.kind, "outcome": one.outcome,
            "person": {"person_id": str(one.person_id), "staff_no": one.staff_no}, "reason_code": one.reason_code,
        }
        for one in await queries.steps_of(tx, row)
    ]  # fmt: skip
    return ApprovalOut(
        id=row.id, amount=row.amount, status=row.status, at=now.at + 1, missing=list(now.missing()), steps=steps,
        acts=acts,
    )  # fmt: skip
