"""Calculation sheets put before their approvers, and the steps of the approval, over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.adjustment.schemas import CalculateSheet, SheetOut
from services.claims.approval import handlers, queries, shapes
from services.claims.approval.schemas import ApprovalOut, ApprovalStepOut, Approve
from services.claims.claim.tables import Claim
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["claims"])
STATED = {"pointer": "#/amount", "kind": "claim_payment", "step": "#/kind"}


@room.posts("/v1/claims/{claim_id}/calculation-sheets", SheetOut, may="claims.adjustment.calculate")
async def calculate(claim_id: UUID, command: CalculateSheet, call: Changes) -> Response:
    """Calculate from the policy version in force at the loss, the assessed facts and the limits that are left."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.calculate(*known, command, call.state))


@room.posts(
    "/v1/claims/{claim_id}/approvals", ApprovalStepOut, may="claims.approval.decide", amount=STATED, step_up=True
)
async def approve(claim_id: UUID, command: Approve, call: Changes) -> Response:
    """Give the opinion, the decision or the co-signature that the open step asks for."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.approve(*known, command, call.state))


@room.reads("/v1/claims/{claim_id}/approval", ApprovalOut, may="claims.claim.read")
async def read_approval(claim_id: UUID, call: Reads) -> Response:
    """The chain, whose turn it is, and what counts: the accident's total, the triggers, who may not act."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        basis = await queries.approval_facts(tx, claim, call.state.digest_key)
        return shown(await shapes.approval(tx, claim, basis), version=claim.version)
