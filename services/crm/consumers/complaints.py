"""Complaints and mis-selling cases: on the timeline, visited when told, and the end of what they grew out of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.crm.consumers.effects import Origin, fact_of, tell
from services.crm.consumers.rebuilding import rebuilding
from services.crm.finding.handlers import led_to
from services.crm.finding.queries import open_about
from services.crm.reference.tables import ComplaintReference, KeptOut, RecordReference
from services.crm.timeline.queries import hold
from shared.database import Transaction
from shared.events import Received, consumes
from shared.money import Money


class ComplaintRegistered(BaseModel):
    complaint_id: UUID
    customer_id: UUID | None = None
    claim_id: UUID | None = None
    policy_id: UUID | None = None
    channel: str
    cause: str
    due_on: date | None = None
    due_legal_on: date | None = None
    origin: Origin | None = None
    kept_out: tuple[UUID, ...] = ()


class ComplaintRecused(BaseModel):
    complaint_id: UUID
    case_ids: tuple[UUID, ...] = ()
    kept_out: tuple[UUID, ...]


class ComplaintPeriod(BaseModel):
    complaint_id: UUID
    due_on: date | None = None
    due_legal_on: date | None = None


class ComplaintDecided(BaseModel):
    complaint_id: UUID
    outcome: str
    compensation_amount: Money | None = None


class ComplaintNotified(BaseModel):
    complaint_id: UUID
    notified_at: AwareDatetime


class ComplaintWithdrawn(BaseModel):
    complaint_id: UUID
    merged_into: UUID | None = None


class CaseOpened(BaseModel):
    case_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    seller_id: UUID | None = None
    due_on: date | None = None
    kept_out: tuple[UUID, ...] = ()


class CaseClosed(BaseModel):
    case_id: UUID
    outcome: str
    action: str


async def _known(tx: Transaction, complaint_id: UUID, **told: Any) -> ComplaintReference:
    await hold(tx, complaint_id)
    await tx.execute(insert(ComplaintReference).values(complaint_id=complaint_id).on_conflict_do_nothing())
    held = select(ComplaintReference).where(ComplaintReference.complaint_id == complaint_id).with_for_update()
    complaint = await tx.scalar(held.execution_options(populate_existing=True))
    for name, value in told.items():
        if value is not None:
            setattr(complaint, name, value)
    await tx.flush()
    return complaint


async def _keep_out(tx: Transaction, record_id: UUID, persons: Iterable[UUID]) -> None:
    """What is told of the record from now on, and was before, is hidden from these persons."""
    rows = [{"person_id": str(one), "record_id": record_id} for one in persons]
    if rows:
        await tx.execute(insert(KeptOut).on_conflict_do_nothing(), rows)


async def _period(tx: Transaction, event: Received[Any], **told: Any) -> None:
    """The newest period counts, whatever comes late."""
    complaint = await _known(tx, event.data.complaint_id, **told)
    if event.record_version > complaint.due_version:
        complaint.due_version = event.record_version
        complaint.due_on, complaint.due_legal_on = event.data.due_on, event.data.due_legal_on


@consumes("complaints.complaint.registered.v1")
async def complaint_registered(tx: Transaction, event: Received[ComplaintRegistered]) -> None:
    told = event.data
    await _keep_out(tx, told.complaint_id, told.kept_out)
    await _period(tx, event, claim_id=told.claim_id, policy_id=told.policy_id, cause=told.cause)
    summary = told.model_dump(include={"channel", "cause", "due_on", "due_legal_on"})
    fact = fact_of(event, "complaint", told.complaint_id, summary=summary)
    parent = told.claim_id or told.policy_id
    await tell(tx, fact, customer_id=told.customer_id, parent_id=parent, origin=told.origin)


@consumes("complaints.complaint.recused.v1")
async def complaint_recused(tx: Transaction, event: Received[ComplaintRecused]) -> None:
    """Who must stay out from now on; no entry of its own: it would say that there is somebody."""
    for record_id in (event.data.complaint_id, *event.data.case_ids):
        await _keep_out(tx, record_id, event.data.kept_out)


@consumes("complaints.complaint.extended.v1")
async def complaint_extended(tx: Transaction, event: Received[ComplaintPeriod]) -> None:
    told = event.data
    await _period(tx, event)
    summary = told.model_dump(include={"due_on", "due_legal_on"})
    await tell(tx, fact_of(event, "complaint", told.complaint_id, summary=summary))


@consumes("complaints.complaint.decided.v1")
async def complaint_decided(tx: Transaction, event: Received[ComplaintDecided]) -> None:
    told = event.data
    await _known(tx, told.complaint_id, outcome=told.outcome)
    amounts = {"compensation_amount": told.compensation_amount}
    await tell(tx, fact_of(event, "complaint", told.complaint_id, summary={"outcome": told.outcome}, amounts=amounts))


@consumes("complaints.complaint.notified.v1")
async def complaint_notified(tx: Transaction, event: Received[ComplaintNotified]) -> None:
    """The complainant knows the decision: he is asked about it within its working days, once."""
    told = event.data
    complaint = await _known(tx, told.complaint_id)
    complaint.notified_at = min(told.notified_at, complaint.notified_at or told.notified_at)
    await tell(tx, fact_of(event, "complaint", told.complaint_id, at=told.notified_at))


@consumes("complaints.complaint.withdrawn.v1")
async def complaint_withdrawn(tx: Transaction, event: Received[ComplaintWithdrawn]) -> None:
    told = event.data
    await _known(tx, told.complaint_id, withdrawn=True)
    await tell(tx, fact_of(event, "complaint", told.complaint_id, summary={"merged_into": told.merged_into}))


@consumes("complaints.deadline.breached.v1")
async def deadline_breached(tx: Transaction, event: Received[ComplaintPeriod]) -> None:
    told = event.data
    summary = told.model_dump(include={"due_on", "due_legal_on"})
    await tell(tx, fact_of(event, "complaint", told.complaint_id, summary=summary))


@consumes("complaints.mis_selling_case.opened.v1")
async def case_opened(tx: Transaction, event: Received[CaseOpened]) -> None:
    """What a visit suspected stays open until the case is closed with what was done."""
    told = event.data
    await _keep_out(tx, told.case_id, told.kept_out)
    fact = fact_of(event, "mis_selling_case", told.case_id, summary={"due_on": told.due_on})
    await tell(tx, fact, customer_id=told.customer_id, parent_id=told.policy_id)


@consumes("complaints.mis_selling_case.closed.v1")
async def case_closed(tx: Transaction, event: Received[CaseClosed]) -> None:
    """What a visit suspected about that policy has been dealt with."""
    told = event.data
    await tell(tx, fact_of(event, "mis_selling_case", told.case_id, summary=told.model_dump(exclude={"case_id"})))
    policy_id = await tx.scalar(select(RecordReference.parent_id).where(RecordReference.record_id == told.case_id))
    if policy_id is not None and not rebuilding(tx):
        for finding in await open_about(tx, policy_id, "mis_selling"):
            await led_to(tx, finding, "mis_selling_case", told.case_id)


CONSUMERS = (
    complaint_registered,
    complaint_recused,
    complaint_extended,
    complaint_decided,
    complaint_notified,
    complaint_withdrawn,
    deadline_breached,
    case_opened,
    case_closed,
)
