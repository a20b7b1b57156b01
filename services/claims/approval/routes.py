"""Calculation sheets put before their approvers, and the steps of the approval, over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.claims.adjustment import queries as sheets
from services.claims.adjustment import shapes as sheet_shapes
from services.claims.adjustment.schemas import CalculateSheet, NamePayees, PayeesOut, SheetOut
from services.claims.approval import handlers, queries, shapes
from services.claims.approval.schemas import ApprovalOut, ApprovalStepOut, Approve, RaiseClaim, RaiseOut
from services.claims.claim.tables import Claim
from shared import directory
from shared.errors import NotFound
from shared.routing import Changes, Edits, Reads, Room, sent, shown

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


@room.posts("/v1/claims/{claim_id}/raises", RaiseOut, may="claims.approval.decide")
async def raise_claim(claim_id: UUID, command: RaiseClaim, call: Changes) -> Response:
    """Take the claim one level further up than its amount asks for, with a reason."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.raise_claim(*known, command, call.state))


@room.puts("/v1/claims/{claim_id}/payees", PayeesOut, may="claims.adjustment.assess")
async def name_payees(claim_id: UUID, command: NamePayees, call: Edits) -> Response:
    """Say who is to be paid; after the decision this takes the decision back."""
    known = (call.db, call.actor, call.key, claim_id, call.version)
    return sent(await handlers.name_payees(*known, command, call.state))


@room.reads("/v1/claims/{claim_id}/payees", PayeesOut, may="claims.claim.read")
async def read_payees(claim_id: UUID, call: Reads) -> Response:
    """Who is to be paid, as last named; 404 while nobody was named."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        row = await sheets.payee_plan(tx, claim.id)
        if row is None:
            raise NotFound()
        staff = await directory.staff_numbers(tx, [row.person_id])
        return shown(sheet_shapes.payees(row, claim, staff.get(row.person_id, "")), version=claim.version)


@room.reads("/v1/claims/{claim_id}/approval", ApprovalOut, may="claims.claim.read")
async def read_approval(claim_id: UUID, call: Reads) -> Response:
    """The chain, whose turn it is, and what counts: the accident's total, the triggers, who may not act."""
    async with call.db.transaction(call.actor) as tx:
        claim = await tx.find(Claim, claim_id)
        basis = await queries.approval_facts(tx, claim, call.state.digest_key)
        return shown(await shapes.approval(tx, claim, basis), version=claim.version)
