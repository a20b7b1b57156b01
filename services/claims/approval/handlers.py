"""One step of an approval, and what the last one leads to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.claims import events
from services.claims.adjustment import handlers as adjustment
from services.claims.adjustment import queries as sheets
from services.claims.adjustment import rules as calculation
from services.claims.adjustment import shapes as sheet_shapes
from services.claims.adjustment.schemas import CalculateSheet, NamePayees
from services.claims.approval import queries, rules, shapes
from services.claims.approval.queries import ApprovalFacts
from services.claims.approval.rules import StepTaken
from services.claims.approval.schemas import Approve, RaiseClaim
from services.claims.approval.tables import ApprovalRaise, ApprovalStep, ApprovalVoiding
from services.claims.claim.handlers import take_duty
from services.claims.claim.queries import ClaimFacts, facts_of
from services.claims.claim.rules import ClaimStatus, Duty, Held, Outcome, acting, legal_moves
from services.claims.claim.tables import Claim
from services.claims.cover.queries import key_account_tier
from services.claims.deadlines import queries as deadlines
from services.claims.deadlines.queries import decision_deadline
from services.claims.reserve.handlers import review_adequacy
from shared.actions import Action
from shared.actor import Actor
from shared.approval_chain import REFUSE, RETURN, Standing, after
from shared.database import Database, Transaction
from shared.errors import StateConflict, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan
from shared.work_items import close_items, open_item

APPROVE_ITEM, COSIGN_ITEM, CALCULATE_ITEM, NOTICE_ITEM = "approve", "cosign", "calculate", "notice"
ORDER_ITEM = "order_payment"


def check_approve(actor: Actor, facts: ClaimFacts) -> None:
    """Whether this caller may take the open step of this claim; refuses as the request would."""
    basis: ApprovalFacts = _with_sheet(facts.claim, facts.approval)
    rules.next_act(actor, basis.facts, basis.sheet, basis.done, basis.table, basis.triggers)


def check_raise(actor: Actor, facts: ClaimFacts) -> None:
    """Whether this caller may take this claim further up now; refuses as the request would."""
    basis: ApprovalFacts = _with_sheet(facts.claim, facts.approval)
    rules.raised(actor, basis.facts, basis.sheet, basis.done, basis.table, basis.triggers)


def check_payees(actor: Actor, facts: ClaimFacts) -> None:
    """Whether this caller may name the payees now."""
    claim = facts.claim
    calculation.may_name_payees(claim.state, claim.line, facts.duties, acting(actor), facts.interested)


ACTIONS = (
    Action("approve", "POST", "/v1/claims/{id}/approvals", "claims.approval.decide", check_approve),
    Action("raise", "POST", "/v1/claims/{id}/raises", "claims.approval.decide", check_raise),
    Action("name_payees", "PUT", "/v1/claims/{id}/payees", "claims.adjustment.assess", check_payees),
)


def _with_sheet(claim: Claim, basis: ApprovalFacts | None) -> ApprovalFacts:
    if basis is None:
        raise StateConflict(current_state=claim.status, legal_moves=legal_moves(claim.state))
    return basis


async def calculate(
    db: Database,
    actor: Actor,
    key: RequestKey,
    claim_id: UUID,
    version: int | None,
    command: CalculateSheet,
    state: Any,
) -> Answer:
    """Calculate the next sheet and put it before its first approver; steps on an older sheet are void."""
    async with db.transaction(actor, key) as tx:
        seen = await tx.find(Claim, claim_id)
        before = {"status": seen.status, "sheet_version": seen.sheet_version}
        version = await _take_back_if_changed(tx, claim_id, version, state)
        claim, row = await adjustment.prepare_sheet(tx, claim_id, version, command, state)
        await tx.flush()
        basis = _with_sheet(claim, await queries.approval_facts(tx, claim, state.digest_key))
        await close_items(tx, claim.id, CALCULATE_ITEM)
        await review_adequacy(tx, claim, sum((one.amount for one in await sheets.paid_before(tx, claim.id)), ZERO))
        await _tell_open_step(tx, claim, basis.standing())
        after_it = {"status": claim.status, "sheet_version": row.sheet_version, "gross_amount": yuan(row.gross_amount)}
        tx.note("calculate", claim, before=before, after=after_it)
        out = sheet_shapes.sheet(row, claim, actor, actor.staff_no, with_claim=True)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/calculation-sheets", version=claim.version)


async def _take_back_if_changed(tx: Transaction, claim_id: UUID, version: int | None, state: Any) -> int | None:
    """A decision on what has changed since is no decision any more: the claim is calculated anew.

    The version at which the claim then is, for whoever goes on.
    """
    seen = await tx.find(Claim, claim_id)
    if seen.state not in calculation.DECIDED_UNPAID:
        return version
    basis = await queries.approval_facts(tx, seen, state.digest_key)
    if basis is None or not basis.changed:
        return version
    claim = await sheets.claim_of_accident(tx, claim_id, version)
    await _take_back(tx, claim, basis.payee_number, basis.changed)
    await tx.flush()
    return claim.version


async def _take_back(tx: Transaction, claim: Claim, payee_number: int, changed: Iterable[str]) -> None:
    """The decision is void: what it reserved is free, nothing is agreed, and nobody is to be told or paid by it."""
    tx.add(
        ApprovalVoiding(
            claim_id=claim.id, org_path=claim.org_path, sheet_version=claim.sheet_version or 0,
            payee_number=payee_number, changed=list(changed), person_id=tx.actor.person_id,
        )
    )  # fmt: skip
    await adjustment.release_limits(tx, claim.id)
    claim.outcome = claim.determined_at = claim.agreed_at = None
    claim.advance(ClaimStatus.RETURNED)
    await close_items(tx, claim.id, NOTICE_ITEM, ORDER_ITEM)


async def name_payees(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: NamePayees, state: Any
) -> Answer:
    """Say who is to be paid. Acts on other payees are void; a decision on them is taken back."""
    async with db.transaction(actor, key) as tx:
        claim = await sheets.claim_of_accident(tx, claim_id, version)
        check_payees(actor, await facts_of(tx, claim, state))
        row, voids = await adjustment.name_payees(tx, claim, command, state)
        before = {"status": claim.status, "payee_number": row.number - 1}
        if voids:
            await _take_back(tx, claim, row.number - 1, ["payees"])
        await tx.flush()
        basis = await queries.approval_facts(tx, claim, state.digest_key)
        if basis is not None:
            await _tell_open_step(tx, claim, basis.standing())
        after_it = {"status": claim.status, "payee_number": row.number, "digest": row.digest}
        tx.note("name_payees", claim, before=before, after=after_it, reason=command.reason)
        out = sheet_shapes.payees(row, claim, actor.staff_no, voided=voids)
        return tx.answer(out, status=200, version=claim.version)


async def raise_claim(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: RaiseClaim, state: Any
) -> Answer:
    """Take the claim one level further up than it would have gone."""
    async with db.transaction(actor, key) as tx:
        claim = await sheets.claim_of_accident(tx, claim_id, version)
        basis = _with_sheet(claim, await queries.approval_facts(tx, claim, state.digest_key))
        known = (basis.facts, basis.sheet, basis.done, basis.table, basis.triggers)
        from_level, to_level = rules.raised(actor, *known)
        rules.refuse_without_reason("raise", command.reason_code, command.reason)
        row = ApprovalRaise(
            id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path,
            sheet_version=basis.row.sheet_version, from_level=from_level, to_level=to_level,
            reason_code=command.reason_code or "", reason=command.reason or "", person_id=actor.person_id,
            staff_no=actor.staff_no, on_behalf_of=actor.on_behalf_of,
        )  # fmt: skip
        tx.add(row)
        noted = {"from_level": from_level, "to_level": to_level, "reason_code": row.reason_code}
        tx.note("raise", claim, after=noted, reason=command.reason)
        return tx.answer(shapes.raised(row, claim), location=f"/v1/claims/{claim.id}/approval", version=claim.version)


async def approve(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: Approve, state: Any
) -> Answer:
    """Take the open step. The last one decides: it takes of the policy's limits, or refuses the claim."""
    async with db.transaction(actor, key) as tx:
        claim = await sheets.claim_of_accident(tx, claim_id, version)
        basis = _with_sheet(claim, await queries.approval_facts(tx, claim, state.digest_key))
        taken = rules.decide(actor, basis.facts, basis.sheet, basis.done, basis.table, basis.triggers, command)
        if command.outcome != RETURN:
            basis.refuse_outdated()
        row = _step(tx, claim, basis, taken)
        tx.add(row)
        before = {"status": claim.status}
        for status in taken.moves:
            claim.advance(status)
        now = after(basis.standing(refusing=command.outcome == REFUSE), taken.act)
        if taken.final is not None:
            await _conclude(tx, claim, basis, taken, now)
            for look in getattr(state, "on_decision", ()):
                await look(tx, claim, state)
        if Held(Duty.APPROVER, actor.person_id) not in basis.facts.duties:
            take_duty(tx, claim, Duty.APPROVER)
        await _tell_open_step(tx, claim, now)
        tx.note(
            f"{command.kind}_{command.outcome}", claim, before=before, after=_noted(claim, row), reason=command.reason
        )
        out = shapes.step_taken(row, claim, command.amount, taken.missing)
        return tx.answer(out, location=f"/v1/claims/{claim.id}/approvals/{row.id}", version=claim.version)


def _step(tx: Transaction, claim: Claim, basis: ApprovalFacts, taken: StepTaken) -> ApprovalStep:
    actor = tx.actor
    same = [one for one in basis.steps if one.sheet_version == taken.sheet_version]
    returns = sum(1 for one in same if one.outcome == RETURN)
    return ApprovalStep(
        id=uuid7(), created_at=tx.now, claim_id=claim.id, org_path=claim.org_path, sheet_version=taken.sheet_version,
        round=returns + 1, step=taken.act.step, level=taken.step.level, unit_code=taken.step.unit.code,
        kind=taken.act.kind, position=taken.act.position, person_id=actor.person_id, staff_no=actor.staff_no,
        on_behalf_of=actor.on_behalf_of, delegation_id=actor.delegation_id, appointment_id=actor.appointment_id,
        outcome=taken.act.outcome, amount=taken.amount, reason_code=taken.reason_code, reason=taken.reason,
        clause_ids=list(taken.clause_ids), table_version=taken.table_version, digest=basis.row.digest,
        payee_number=basis.payee_number, payee_digest=basis.plan.digest if basis.plan else None,
    )  # fmt: skip


def _noted(claim: Claim, row: ApprovalStep) -> dict[str, Any]:
    return {
        "status": claim.status, "step": row.step, "level": row.level, "sheet_version": row.sheet_version,
        "amount": yuan(row.amount), "reason_code": row.reason_code, "table_version": row.table_version,
        "digest": row.digest,
    }  # fmt: skip


async def _conclude(tx: Transaction, claim: Claim, basis: ApprovalFacts, taken: StepTaken, now: Standing) -> None:
    """The claim is decided: its outcome, its moment, the limits it takes, and the event."""
    row = basis.row
    outcome = rules.outcome_of(taken.final or "", row.gross_amount, row.claimed_amount)
    claim.outcome, claim.determined_at = str(outcome), tx.now
    if outcome is Outcome.REFUSED:
        claim.payable_amount = ZERO
    else:
        made, keys = await adjustment.calculate_again(tx, claim, row)
        await adjustment.reserve_limits(tx, claim, row, made, keys)
    told = events.ClaimRefused if outcome is Outcome.REFUSED else events.ClaimApproved
    levels = [step.level for step in now.steps]
    tx.publish(
        told(
            claim_id=claim.id,
            outcome=str(outcome),
            gross_amount=row.gross_amount,
            sheet_version=row.sheet_version,
            levels=levels,
        ),
        claim,
    )
    await _ask_for_notice(tx, claim)


async def _ask_for_notice(tx: Transaction, claim: Claim) -> None:
    """The result is told at once; a refusal within the three days of 保险法 art. 24."""
    due = next((one for one in await deadlines.deadlines_of(tx, claim) if one.id == "DL-CL-2"), None)
    await open_item(
        tx, NOTICE_ITEM, claim, Text("告知理赔结果", "Tell the result"), number=claim.claim_no,
        unit_code=claim.unit_code, position="adjuster", href=f"/v1/claims/{claim.id}/notices",
        due_at=due and due.due_at, basis=due and due.id,
    )  # fmt: skip


async def _tell_open_step(tx: Transaction, claim: Claim, now: Standing) -> None:
    """The work item of whoever acts next: the positions the open step waits for, or the adjuster after a return."""
    await close_items(tx, claim.id, APPROVE_ITEM, COSIGN_ITEM)
    href = f"/v1/claims/{claim.id}"
    due = await decision_deadline(tx, claim)
    when: dict[str, Any] = {"due_at": due.due_at, "basis": due.id} if due else {}
    if await key_account_tier(tx, claim.customer_id):
        when["priority"] = "high"  # the green channel: work comes first, and goes through every step
    if claim.state is ClaimStatus.RETURNED:
        await open_item(
            tx, CALCULATE_ITEM, claim, Text("退回重新理算", "Returned: calculate again"), number=claim.claim_no,
            unit_code=claim.unit_code, position="adjuster", href=f"{href}/calculation-sheets", **when,
        )  # fmt: skip
    if now.open is None or claim.state not in shapes.UNDER_APPROVAL:
        return
    for position in now.missing():
        decides = position == now.open.position
        words = Text("审批赔案", "Approve the claim") if decides else Text("会签赔案", "Co-sign the claim")
        await open_item(
            tx, APPROVE_ITEM if decides else COSIGN_ITEM, claim, words, number=claim.claim_no,
            unit_code=now.open.unit.code, position=position, href=f"{href}/approvals", **when,
        )  # fmt: skip
