"""What every act on a complaint does alike: the fact, its note, its answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.complaints.complaint import queries, rules, shapes
from services.complaints.complaint.tables import Complaint, ComplaintFact
from shared.database import Transaction
from shared.errors import Fault, OccurredInFuture
from shared.idempotency import Answer


async def for_act(tx: Transaction, complaint_id: UUID, version: int | None) -> queries.ComplaintFacts:
    """The complaint, locked for a change, and who must stay out; refuses (403) a caller who is one of them, or who acts
    for one of them."""
    complaint = await tx.find_for_change(Complaint, complaint_id, version)
    facts = await queries.facts_of(tx, complaint)
    for person in {tx.actor.person_id, tx.actor.on_behalf_of or tx.actor.person_id}:
        rules.refuse_recused(person, facts.grounds)
    return facts


def happened(tx: Transaction, moment: datetime | None, pointer: str) -> datetime:
    """When it happened, now where nothing is said; refuses (422) a moment in the future."""
    if moment is not None and moment > tx.now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer=pointer))
    return moment or tx.now


async def record(
    tx: Transaction, complaint: Complaint, kind: str, told: dict[str, Any], *, before: str, at: datetime | None = None,
    reason: str | None = None,
) -> Answer:  # fmt: skip
    """Write the fact with its one note and answer with it; `before` is the state that the complaint had."""
    row = ComplaintFact(
        complaint_id=complaint.id, org_path=complaint.org_path, kind=kind, person_id=tx.actor.person_id,
        occurred_at=at or tx.now, told=told,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    tx.note(kind, complaint, before={"status": before}, after={"status": complaint.status, **told}, reason=reason)
    out = shapes.fact(row, complaint, tx.actor.staff_no)
    return tx.answer(out, location=f"/v1/complaints/{complaint.id}", version=complaint.version)
