"""What complaints tell: complaints and mis-selling cases about a policy mark it, and the mark ends with them."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field

from services.policy.mark.queries import keep_mark, keep_out
from shared.database import Transaction
from shared.events import Consumer, Received, consumes


class ComplaintTold(BaseModel):
    complaint_id: UUID
    policy_id: UUID | None = None
    kept_out: list[UUID] = Field(default_factory=list)


class CaseTold(BaseModel):
    case_id: UUID
    policy_id: UUID | None = None
    kept_out: list[UUID] = Field(default_factory=list)


class RecusedTold(BaseModel):
    complaint_id: UUID
    case_ids: list[UUID] = Field(default_factory=list)
    kept_out: list[UUID]


async def _complaint(tx: Transaction, event: Received[ComplaintTold], *, is_open: bool) -> None:
    told = event.data
    await keep_mark(
        tx, "complaint", told.complaint_id, told.policy_id, is_open=is_open, since=event.time,
        record_version=event.record_version, kept_out=told.kept_out,
    )  # fmt: skip


async def _case(tx: Transaction, event: Received[CaseTold], *, is_open: bool) -> None:
    told = event.data
    await keep_mark(
        tx, "mis_selling", told.case_id, told.policy_id, is_open=is_open, since=event.time,
        record_version=event.record_version, kept_out=told.kept_out,
    )  # fmt: skip


@consumes("complaints.complaint.registered.v1")
async def complaint_registered(tx: Transaction, event: Received[ComplaintTold]) -> None:
    await _complaint(tx, event, is_open=True)


@consumes("complaints.complaint.recused.v1")
async def complaint_recused(tx: Transaction, event: Received[RecusedTold]) -> None:
    """More persons must stay out of it, and of the cases that grew out of it."""
    told = event.data
    await keep_out(tx, "complaint", told.complaint_id, told.kept_out, event.time)
    for case_id in told.case_ids:
        await keep_out(tx, "mis_selling", case_id, told.kept_out, event.time)


@consumes("complaints.complaint.decided.v1")
async def complaint_decided(tx: Transaction, event: Received[ComplaintTold]) -> None:
    await _complaint(tx, event, is_open=False)


@consumes("complaints.complaint.withdrawn.v1")
async def complaint_withdrawn(tx: Transaction, event: Received[ComplaintTold]) -> None:
    await _complaint(tx, event, is_open=False)


@consumes("complaints.mis_selling_case.opened.v1")
async def mis_selling_opened(tx: Transaction, event: Received[CaseTold]) -> None:
    await _case(tx, event, is_open=True)


@consumes("complaints.mis_selling_case.closed.v1")
async def mis_selling_closed(tx: Transaction, event: Received[CaseTold]) -> None:
    await _case(tx, event, is_open=False)


CONSUMERS: tuple[Consumer, ...] = (
    complaint_registered,
    complaint_recused,
    complaint_decided,
    complaint_withdrawn,
    mis_selling_opened,
    mis_selling_closed,
)
