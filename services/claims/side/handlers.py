"""Ask for a decision beside the claim's own life, and take the steps of its chain.

The rooms of the kinds say when one may be asked for and what it leads to; everything else is alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims.approval import rules as approval
from services.claims.approval.rules import StepTaken
from services.claims.approval.tables import ApprovalStep
from services.claims.claim.handlers import take_duty
from services.claims.claim.rules import Duty, Held
from services.claims.claim.tables import Claim
from services.claims.side import queries, rules, shapes
from services.claims.side.queries import SideBasis
from services.claims.side.rules import SideKind, SideStatus
from services.claims.side.schemas import ApproveSide
from services.claims.side.tables import SideDecision
from shared.actor import Actor
from shared.approval_chain import RETURN, Standing, after
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import StateConflict, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan
from shared.work_items import close_items, open_item

Granted = Callable[[Transaction, Claim, SideDecision, Any], Awaitable[None]]
"""`granted(tx, claim, row, state)`: what the last step leads to; it may refuse what is no longer possible."""

PATH: Mapping[SideKind, str] = {
    SideKind.ADVANCE: "advances",
    SideKind.EX_GRATIA: "ex-gratia",
    SideKind.RECOVERY: "recoveries",
    SideKind.LITIGATION: "litigation",
    SideKind.REOPENING: "reopenings",
}
TITLE: Mapping[SideKind, Text] = {
    SideKind.ADVANCE: Text("审批预付赔款", "Decide on the advance"),
    SideKind.EX_GRATIA: Text("审批通融赔付", "Decide on the ex gratia payment"),
    SideKind.RECOVERY: Text("审批放弃追偿", "Decide on waiving the recovery"),
    SideKind.LITIGATION: Text("审批诉讼和解", "Decide on settling the lawsuit"),
    SideKind.REOPENING: Text("审批重开赔案", "Decide on reopening the claim"),
}


def href(claim: Claim, row: SideDecision) -> str:
    """Where this one is read."""
    return f"/v1/claims/{claim.id}/{PATH[SideKind(row.kind)]}/{row.id}"


def item_of(kind: SideKind) -> str:
    """The kind of the work item of its open step."""
    return f"approve_{kind}"


def begin(
    tx: Transaction, claim: Claim, kind: SideKind, status: SideStatus, amount: Decimal, reason: str,
    facts: Mapping[str, Any], reason_code: str | None = None,
) -> SideDecision:  # fmt: skip
    """A row of its own, not yet put before anybody."""
    own = uuid7()
    row = SideDecision(
        id=own, created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, kind=str(kind), status=str(status),
        amount=amount, reason_code=reason_code, reason=reason, facts=dict(facts), requested_by=tx.actor.person_id,
        digest=rules.digest_of(claim.id, own, str(kind), amount, facts), decided_at=None,
    )  # fmt: skip
    tx.add(row)
    return row


async def ask(tx: Transaction, claim: Claim, row: SideDecision, state: Any) -> None:
    """Put it before the first of its chain. Asked again it is a request of its own: the earlier steps do not count."""
    row.facts = {**row.facts, "asked": int(row.facts.get("asked", 0)) + 1}
    row.status, row.requested_by, row.digest = str(SideStatus.REQUESTED), tx.actor.person_id, row.digest_now()
    await tx.flush()
    basis = await queries.basis_of(tx, claim, row, state.digest_key)
    await _tell_open_step(tx, claim, row, basis.standing())


async def _tell_open_step(tx: Transaction, claim: Claim, row: SideDecision, now: Standing) -> None:
    kind = SideKind(row.kind)
    await close_items(tx, claim.id, item_of(kind), f"cosign_{kind}")
    if now.open is None or row.status != SideStatus.REQUESTED:
        return
    for position in now.missing():
        decides = position == now.open.position
        await open_item(
            tx, item_of(kind) if decides else f"cosign_{kind}", claim, TITLE[kind], number=claim.claim_no,
            unit_code=now.open.unit.code, position=position, href=f"{href(claim, row)}/approvals",
        )  # fmt: skip


def check_step(actor: Actor, basis: SideBasis) -> None:
    """Whether this caller may take the open step; refuses as the request would."""
    refuse_decided(basis.row)
    approval.next_act(actor, basis.facts, basis.sheet, basis.done, basis.table, basis.triggers)


def refuse_decided(row: SideDecision) -> None:
    """Refuse (409) a step where nothing is asked for."""
    status = SideStatus(row.status)
    if status is not SideStatus.REQUESTED:
        moves = [str(one) for one in SideStatus if one in rules.NEXT[status]]
        raise StateConflict(current_state=row.status, legal_moves=moves)


async def take_step(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, side_id: UUID, kind: SideKind, version: int | None,
    command: ApproveSide, state: Any, granted: Granted,
) -> Answer:  # fmt: skip
    """Take the open step; the last one decides, and what is granted takes its effect in the same transaction."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        row = await queries.side_of(tx, claim, side_id, kind)
        basis = await queries.basis_of(tx, claim, row, state.digest_key)
        refuse_decided(row)
        taken = approval.decide(actor, basis.facts, basis.sheet, basis.done, basis.table, basis.triggers, command)
        step = _step(tx, claim, basis, taken)
        tx.add(step)
        before = {"status": row.status, "claim": claim.status}
        status = (
            rules.advance_side(SideStatus(row.status), rules.after_step(kind, taken)) if _moved(kind, taken) else None
        )
        now = after(basis.standing(), taken.act)
        if status is not None:
            row.status, row.decided_at = str(status), tx.now
        await tx.flush()
        if taken.final == "approve":
            await granted(tx, claim, row, state)
        if Held(Duty.APPROVER, actor.person_id) not in basis.facts.duties:
            take_duty(tx, claim, Duty.APPROVER)
        await _tell_open_step(tx, claim, row, now)
        after_it = {
            "status": row.status, "claim": claim.status, "side_id": row.id, "step": step.step, "level": step.level,
            "amount": yuan(step.amount), "reason_code": step.reason_code, "digest": step.digest,
        }  # fmt: skip
        tx.note(f"{kind}_{command.outcome}", claim, before=before, after=after_it, reason=command.reason)
        out = shapes.step_taken(step, row, claim, command.amount, taken.missing)
        return tx.answer(out, location=f"{href(claim, row)}/approval", version=claim.version)


def _moved(kind: SideKind, taken: StepTaken) -> bool:
    return rules.after_step(kind, taken) is not SideStatus.REQUESTED


def _step(tx: Transaction, claim: Claim, basis: SideBasis, taken: StepTaken) -> ApprovalStep:
    actor = tx.actor
    returns = sum(1 for one in basis.steps if one.outcome == RETURN)
    asked = int(basis.row.facts.get("asked", 1))
    return ApprovalStep(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, side_id=basis.row.id,
        sheet_version=None, round=asked * 100 + returns, step=taken.act.step, level=taken.step.level,
        unit_code=taken.step.unit.code, kind=taken.act.kind, position=taken.act.position, person_id=actor.person_id,
        staff_no=actor.staff_no, on_behalf_of=actor.on_behalf_of, delegation_id=actor.delegation_id,
        appointment_id=actor.appointment_id, outcome=taken.act.outcome, amount=taken.amount,
        reason_code=taken.reason_code, reason=taken.reason, clause_ids=list(taken.clause_ids),
        table_version=taken.table_version, digest=basis.row.digest,
    )  # fmt: skip


async def record_overpayment(tx: Transaction, claim: Claim, amount: Decimal, at: datetime) -> None:
    """The result is below what was paid in advance: it is written down, and nothing is asked back by itself."""
    if amount <= ZERO:
        return
    told = Text("已付款超过最终赔款", "More was paid than the claim came to")
    row = begin(
        tx, claim, SideKind.OVERPAYMENT, SideStatus.RECORDED, amount, told.zh,
        {"sheet_version": claim.sheet_version, "settled_on": legal_day(at).isoformat()},
    )  # fmt: skip
    row.decided_at = at
    await open_item(
        tx, "overpayment", claim, told, number=claim.claim_no, unit_code=claim.unit_code, position="adjuster",
        href=f"/v1/claims/{claim.id}", method="GET",
    )  # fmt: skip
