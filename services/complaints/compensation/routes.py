"""Compensations over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.complaints.compensation import handlers, shapes
from services.complaints.compensation.schemas import (
    ApprovalOut,
    Approve,
    CompensationOut,
    Propose,
    RecordPayment,
    StepOut,
)
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["complaints"])
BELOW = "/v1/complaints/{complaint_id}/compensations"
ONE = BELOW + "/{compensation_id}"


@room.posts(BELOW, CompensationOut, may="complaints.compensation.propose")
async def propose_compensation(complaint_id: UUID, command: Propose, call: Changes) -> Response:
    """Put an amount before the chain of the owning branch."""
    return sent(await handlers.propose(call.db, call.actor, call.key, complaint_id, call.version, command))


@room.reads(ONE + "/approval", ApprovalOut, may="complaints.complaint.read")
async def read_compensation_approval(complaint_id: UUID, compensation_id: UUID, call: Reads) -> Response:
    """The chain: who gives an opinion, who decides, what was done, who is missing."""
    async with call.db.transaction(call.actor) as tx:
        return shown(await shapes.approval(tx, complaint_id, compensation_id))


@room.posts(
    ONE + "/approvals", StepOut, may="complaints.compensation.decide", step_up=True,
    amount={"pointer": "#/amount", "kind": "complaint_compensation", "step": "#/kind"},
)  # fmt: skip
async def decide_compensation(complaint_id: UUID, compensation_id: UUID, command: Approve, call: Changes) -> Response:
    """Take the open step of the chain."""
    answer = await handlers.take_step(
        call.db, call.actor, call.key, complaint_id, compensation_id, call.version, command
    )
    return sent(answer)


@room.posts(ONE + "/payments", CompensationOut, may="complaints.compensation.propose")
async def record_compensation_payment(
    complaint_id: UUID, compensation_id: UUID, command: RecordPayment, call: Changes
) -> Response:
    """Record that finance paid it."""
    answer = await handlers.record_payment(
        call.db, call.actor, call.key, complaint_id, compensation_id, call.version, command
    )
    return sent(answer)
