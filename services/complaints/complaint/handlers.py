"""What every act on a complaint does alike: the fact, its note, its answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from services.complaints import events
from services.complaints.complaint import queries, rules, shapes
from services.complaints.complaint.tables import Complaint, ComplaintFact
from shared.database import Transaction
from shared.errors import Fault, OccurredInFuture
from shared.idempotency import Answer
from shared.notices import send_notice
from shared.work_items import work_items

_WORDS = frozenset({"step", "facts", "findings", "basis", "reasons", "grounds", "reason", "text"})
"""What somebody wrote in his own words stays on the complaint and out of the audit trail: it may name persons."""


async def for_act(tx: Transaction, complaint_id: UUID, version: int | None) -> queries.ComplaintFacts:
    """The complaint, locked for a change, and who must stay out; refuses (403) a caller who is one of them.

    The look-up alone hides it from everybody known to be involved; this one sees whoever became so since.
    """
    complaint = await tx.find_for_change(Complaint, complaint_id, version)
    grounds = await queries.grounds_of(tx, complaint)
    rules.refuse_recused(tx.actor.person_id, grounds, tx.actor.on_behalf_of)
    return queries.ComplaintFacts(complaint, await queries.keep_out(tx, complaint), tx.now)


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
    noted = {name: value for name, value in told.items() if name not in _WORDS}
    tx.note(kind, complaint, before={"status": before}, after={"status": complaint.status, **noted}, reason=reason)
    out = shapes.fact(row, complaint, tx.actor.staff_no)
    return tx.answer(out, location=f"/v1/complaints/{complaint.id}", version=complaint.version)


async def move_items(tx: Transaction, complaint: Complaint) -> None:
    """The open work of the complaint is due when the complaint is."""
    items = work_items.c
    mine = update(work_items).where(items.record_id == complaint.id, items.closed_at.is_(None))
    timed = mine.where(items.kind.in_(("assign_officer", "handle_complaint", "notify_complainant")))
    await tx.execute(timed.values(due_at=complaint.due_at, basis=complaint.deadline["basis"]))


async def tell_complainant(tx: Transaction, complaint: Complaint, kind: str) -> None:
    """A short message to whoever can be reached by phone: the proxy before the complainant, nobody for a lead."""
    if complaint.lead:
        return
    phone = (complaint.proxy or {}).get("phone") or complaint.complainant.get("phone")
    due = complaint.due_on
    facts = {"complaint_no": complaint.complaint_no, "due_on": f"{due.year}年{due.month}月{due.day}日"}
    await send_notice(tx, events.NoticeSent, complaint, kind, channel="sms", address=phone, facts=facts)
