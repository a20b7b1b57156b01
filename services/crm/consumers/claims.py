"""Claims: on the timeline, visited when settled, not visited any more when reopened or cancelled."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.crm.consumers.effects import Origin, fact_of, tell
from services.crm.consumers.rebuilding import rebuilding
from services.crm.planning.handlers import after_survey
from services.crm.reference.tables import ClaimReference, DutyTaken
from services.crm.timeline.queries import hold
from shared.database import Transaction
from shared.events import Received, consumes
from shared.money import Money


class ClaimTold(BaseModel):
    """A report, or the match that names its policy and customer later."""

    claim_id: UUID
    claim_no: str | None = None
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    line: str | None = None
    loss_at: AwareDatetime | None = None
    reported_at: AwareDatetime | None = None
    injured_count: int | None = None
    death_count: int | None = None
    estimated_amount: Money | None = None
    origin: Origin | None = None


class ClaimLinked(BaseModel):
    claim_id: UUID
    linked_claim_id: UUID


class ClaimCancelled(BaseModel):
    claim_id: UUID
    duplicate_of: UUID | None = None
    reason_code: str


class HeadOfficeInformed(BaseModel):
    claim_id: UUID
    reason: str
    due_at: AwareDatetime


class DutyTold(BaseModel):
    claim_id: UUID
    duty: str
    person_id: UUID
    due_at: AwareDatetime | None = None
    """Until when the duty had to be done, where it had a time: figures count by it."""


class ClaimRegistered(BaseModel):
    claim_id: UUID
    reserve_amount: Money
    due_on: date | None = None
    due_legal_on: date | None = None


class ClaimDecided(BaseModel):
    claim_id: UUID
    outcome: str
    gross_amount: Money
    sheet_version: int


class ClaimSettled(BaseModel):
    claim_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    outcome: str
    gross_amount: Money
    paid_amount: Money
    settled_at: AwareDatetime


class ClaimReopened(BaseModel):
    claim_id: UUID
    reason_code: str


class DeadlineBreached(BaseModel):
    claim_id: UUID
    deadline: str
    due_on: date
    due_legal_on: date


async def _known(tx: Transaction, claim_id: UUID, **told: Any) -> ClaimReference:
    """What is kept of a claim, with what an event says of it; whoever works on the same claim waits."""
    await hold(tx, claim_id)
    await tx.execute(insert(ClaimReference).values(claim_id=claim_id).on_conflict_do_nothing())
    held = select(ClaimReference).where(ClaimReference.claim_id == claim_id).with_for_update()
    claim = await tx.scalar(held.execution_options(populate_existing=True))
    for name, value in told.items():
        if value is not None:
            setattr(claim, name, value)
    await tx.flush()
    return claim


async def _placed(tx: Transaction, event: Received[ClaimTold]) -> None:
    told = event.data
    known = {"claim_no": told.claim_no, "policy_id": told.policy_id, "line": told.line, "reported_at": told.reported_at}
    await _known(tx, told.claim_id, **known)
    summary = told.model_dump(include={"line", "loss_at", "injured_count", "death_count"})
    at, amounts = told.reported_at, {"estimated_amount": told.estimated_amount}
    fact = fact_of(event, "claim", told.claim_id, at=at, summary=summary, amounts=amounts)
    await tell(tx, fact, customer_id=told.customer_id, parent_id=told.policy_id, origin=told.origin)


@consumes("claims.claim.reported.v1")
async def claim_reported(tx: Transaction, event: Received[ClaimTold]) -> None:
    await _placed(tx, event)


@consumes("claims.claim.matched.v1")
async def claim_matched(tx: Transaction, event: Received[ClaimTold]) -> None:
    """The claim has found its policy: what waited for its customer is placed."""
    await _placed(tx, event)


@consumes("claims.claim.linked.v1")
async def claim_linked(tx: Transaction, event: Received[ClaimLinked]) -> None:
    """On the timeline of the claim that was kept."""
    told = event.data
    await tell(tx, fact_of(event, "claim", told.claim_id, summary={"linked_claim_id": told.linked_claim_id}))


@consumes("claims.claim.cancelled.v1")
async def claim_cancelled(tx: Transaction, event: Received[ClaimCancelled]) -> None:
    """Everything about the claim counts as undone, its visit is not made."""
    told = event.data
    await _known(tx, told.claim_id, cancelled=True, duplicate_of=told.duplicate_of)
    summary = told.model_dump(include={"duplicate_of", "reason_code"})
    await tell(tx, fact_of(event, "claim", told.claim_id, summary=summary))


@consumes("claims.claim.head_office_informed.v1")
async def head_office_informed(tx: Transaction, event: Received[HeadOfficeInformed]) -> None:
    told = event.data
    await tell(tx, fact_of(event, "claim", told.claim_id, summary=told.model_dump(include={"reason", "due_at"})))


@consumes("claims.duty.taken.v1")
async def duty_taken(tx: Transaction, event: Received[DutyTold]) -> None:
    """Whoever worked on the claim does not ask the customer about it."""
    told = event.data
    row = {"record_id": told.claim_id, "duty": told.duty, "person_id": told.person_id}
    await tx.execute(insert(DutyTaken).values(**row).on_conflict_do_nothing())
    if told.duty == "surveyor":
        # taken when the survey is in: the first one is asked about on the same day
        claim = await _known(tx, told.claim_id)
        claim.surveyed_at = min(event.time, claim.surveyed_at or event.time)
        await tx.flush()
        if not rebuilding(tx):
            await after_survey(tx, told.claim_id)


@consumes("claims.claim.registered.v1")
async def claim_registered(tx: Transaction, event: Received[ClaimRegistered]) -> None:
    told = event.data
    summary = told.model_dump(include={"due_on", "due_legal_on"})
    amounts = {"reserve_amount": told.reserve_amount}
    await tell(tx, fact_of(event, "claim", told.claim_id, summary=summary, amounts=amounts))


async def _decided(tx: Transaction, event: Received[ClaimDecided]) -> None:
    told = event.data
    summary = told.model_dump(include={"outcome", "sheet_version"})
    amounts = {"gross_amount": told.gross_amount}
    await tell(tx, fact_of(event, "claim", told.claim_id, summary=summary, amounts=amounts))


@consumes("claims.claim.approved.v1")
async def claim_approved(tx: Transaction, event: Received[ClaimDecided]) -> None:
    await _decided(tx, event)


@consumes("claims.claim.refused.v1")
async def claim_refused(tx: Transaction, event: Received[ClaimDecided]) -> None:
    await _decided(tx, event)


@consumes("claims.claim.settled.v1")
async def claim_settled(tx: Transaction, event: Received[ClaimSettled]) -> None:
    """A visit follows within its working days; an older settlement that comes late changes nothing."""
    told = event.data
    claim = await _known(tx, told.claim_id, policy_id=told.policy_id)
    if event.record_version > claim.settled_version:
        claim.settled_version, claim.settled_at = event.record_version, told.settled_at
        claim.outcome, claim.paid_amount = told.outcome, told.paid_amount
    amounts = {"gross_amount": told.gross_amount, "paid_amount": told.paid_amount}
    summary = {"outcome": told.outcome}
    fact = fact_of(event, "claim", told.claim_id, at=told.settled_at, summary=summary, amounts=amounts)
    await tell(tx, fact, customer_id=told.customer_id, parent_id=told.policy_id)


@consumes("claims.claim.reopened.v1")
async def claim_reopened(tx: Transaction, event: Received[ClaimReopened]) -> None:
    """The settlement before it counts as undone, and its visit, if nobody has made it yet, is not made."""
    told = event.data
    claim = await _known(tx, told.claim_id)
    claim.reopened_version = max(claim.reopened_version, event.record_version)
    await tell(tx, fact_of(event, "claim", told.claim_id, summary={"reason_code": told.reason_code}))


@consumes("claims.deadline.breached.v1")
async def deadline_breached(tx: Transaction, event: Received[DeadlineBreached]) -> None:
    told = event.data
    await tell(tx, fact_of(event, "claim", told.claim_id, summary=told.model_dump(exclude={"claim_id"})))


CONSUMERS = (
    claim_reported,
    claim_matched,
    claim_linked,
    claim_cancelled,
    head_office_informed,
    duty_taken,
    claim_registered,
    claim_approved,
    claim_refused,
    claim_settled,
    claim_reopened,
    deadline_breached,
)
