"""Order a payment: never more than was approved, never to somebody who is not entitled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims import events
from services.claims.adjustment import queries as sheets
from services.claims.adjustment.tables import CalculationSheet
from services.claims.agreement.rules import ORDER_ITEM
from services.claims.claim import queries as spine
from services.claims.claim.handlers import take_duty
from services.claims.claim.rules import ClaimStatus, Duty, Held, Line, refuse_to_take
from services.claims.claim.tables import Claim
from services.claims.litigation.rules import fixed_amount, refuse_not_fixed
from services.claims.payment import queries, rules, shapes
from services.claims.payment.rules import PaymentStatus
from services.claims.payment.schemas import OrderPayment
from services.claims.payment.tables import Payment
from services.claims.side import queries as side
from services.claims.side.rules import Sides
from services.claims.side.tables import SideDecision
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO
from shared.work_items import close_items, open_item

PAY_ITEM = "pay"


def check_order(actor: Actor, facts: spine.ClaimFacts) -> None:
    """Whether this caller may order a payment of this claim now."""
    told = facts.ordered or queries.Ordered(ZERO, ZERO)
    rules.may_order(facts.claim.state, facts.duties, actor, told.payable, told.amount)


ACTIONS = (Action("order_payment", "POST", "/v1/claims/{id}/payments", "claims.payment.order", check_order),)


async def order_payment(
    db: Database, actor: Actor, key: RequestKey, claim_id: UUID, version: int | None, command: OrderPayment, state: Any
) -> Answer:
    """Order one payment: never more than was approved, never to somebody who is not entitled."""
    async with db.transaction(actor, key) as tx:
        claim = await tx.find_for_change(Claim, claim_id, version)
        facts = await spine.facts_of(tx, claim, state)
        if command.side_id is not None:
            return await _order_granted(tx, claim, facts, command, command.side_id, state)
        check_order(actor, facts)
        sheet = await _approved_sheet(tx, claim)
        right, status = await _judged(tx, claim, sheet, command, facts.sides or Sides())
        digest = queries.digest_of(state, command.payee.account)
        if right.pool != frozenset({rules.PayeeKind.EXPENSE_CREDITOR}):
            await queries.refuse_unplanned(tx, claim, str(command.payee.kind), command.payee.name, digest)
        rules.refuse_staff_payee(
            await queries.staff_behind(tx, digest), actor, facts.duties, taking=Duty.CASHIER,
            approved_as_staff=await queries.approved_as_staff(tx, claim, state.digest_key),
        )  # fmt: skip
        row = await _write(
            tx, claim, command, digest, claimant_ref=right.claimant_ref, sheet_version=sheet.sheet_version,
            approved_digest=sheet.digest, due_on=await queries.pay_on(tx, claim),
        )  # fmt: skip
        before = {"status": claim.status}
        if status is not claim.state:
            claim.advance(status)
        if Held(Duty.ADJUSTER, actor.person_id) not in facts.duties:
            take_duty(tx, claim, Duty.ADJUSTER)
        await announce(tx, row)
        if facts.ordered.amount + row.amount >= facts.ordered.payable:
            await close_items(tx, claim.id, ORDER_ITEM)
        tx.note("order", row, after=shapes.noted(row))
        tx.note("order_payment", claim, before=before, after={"status": claim.status, "payment_id": row.id})
        out = shapes.ordered(row, claim, actor)
        return tx.answer(out, location=f"/v1/payments/{row.id}", version=claim.version)


async def _order_granted(
    tx: Transaction, claim: Claim, facts: spine.ClaimFacts, command: OrderPayment, side_id: UUID, state: Any
) -> Answer:
    """Pay a granted advance or ex gratia payment. The claim's own life does not move by it."""
    refuse_to_take(facts.duties, tx.actor, Duty.ADJUSTER)
    row_of, right_ref = await _judged_grant(tx, claim, command, side_id, facts.sides or Sides())
    digest = queries.digest_of(state, command.payee.account)
    rules.refuse_staff_payee(
        await queries.staff_behind(tx, digest), tx.actor, facts.duties, taking=Duty.CASHIER,
        approved_as_staff=await queries.approved_as_staff(tx, claim, state.digest_key),
    )  # fmt: skip
    row = await _write(
        tx, claim, command, digest, claimant_ref=right_ref, sheet_version=None, approved_digest=row_of.digest,
        due_on=await queries.pay_granted_on(tx, row_of),
    )  # fmt: skip
    if Held(Duty.ADJUSTER, tx.actor.person_id) not in facts.duties:
        take_duty(tx, claim, Duty.ADJUSTER)
    await announce(tx, row)
    if await _ordered_of(tx, claim, side_id) >= row_of.amount:
        await close_items(tx, claim.id, f"order_{row_of.kind}")
    tx.note("order", row, after=shapes.noted(row))
    tx.note("order_payment", claim, after={"status": claim.status, "payment_id": row.id, "side_id": side_id})
    out = shapes.ordered(row, claim, tx.actor)
    return tx.answer(out, location=f"/v1/payments/{row.id}", version=claim.version)


async def _ordered_of(tx: Transaction, claim: Claim, side_id: UUID) -> Decimal:
    await tx.flush()
    rows = queries.live_of_side(await queries.payments_of(tx, claim.id), side_id)
    return sum((one.amount for one in rows), ZERO)


async def _judged_grant(
    tx: Transaction, claim: Claim, command: OrderPayment, side_id: UUID, sides: Sides
) -> tuple[SideDecision, str | None]:
    """What was granted and for whom, once the rules have let this payee have this amount of it."""
    row = await side.paid_out(tx, claim.id, side_id)
    if row is None:
        words = Text("本案没有该预付或通融决定。", "The claim has no such advance or ex gratia decision.")
        raise ReferenceNotFound(Fault(ReferenceNotFound.code, words, pointer="#/side_id"))
    told, proof = command.payee, command.proof
    await _check_proof(tx, claim, command)
    ref = row.facts.get("claimant_ref") or (row.facts.get("item") or {}).get("claimant_ref")
    grant = rules.Grant(
        row.as_side(), Line(claim.line or ""), await _ordered_of(tx, claim, row.id),
        await queries.claimant_names(tx, claim), ref,
        third_party_paid=proof is not None and proof.kind is rules.ProofKind.THIRD_PARTY_PAID,
    )  # fmt: skip
    payee = rules.Payee(told.kind, told.name, told.account, command.relation, told.account_holder)
    rules.order_granted(payee, command.amount, command.claimant_ref, grant)
    refuse_not_fixed(sides, ref or command.claimant_ref)
    await refuse_changed_grant(tx, row)
    return row, ref or command.claimant_ref


async def refuse_changed_grant(tx: Transaction, row: SideDecision) -> None:
    """Refuse (409) to pay what is no longer what was approved: the digest is taken again."""
    if row.digest_now() != row.digest or await side.approved_digest(tx, row) != row.digest:
        raise rules.ApprovedBasisChanged(changed=[row.kind])


async def _approved_sheet(tx: Transaction, claim: Claim) -> CalculationSheet:
    """The sheet in force; refused (409) where it, or what it rests on, is not what was approved."""
    sheet = await sheets.current_sheet(tx, claim)
    changed = ["sheet"] if sheet is None else await queries.changed_since_approval(tx, claim, sheet)
    if sheet is None or changed:
        raise rules.ApprovedBasisChanged(changed=changed)
    return sheet


async def _judged(
    tx: Transaction, claim: Claim, sheet: CalculationSheet, command: OrderPayment, sides: Sides
) -> tuple[rules.Right, ClaimStatus]:
    """What the payee has a right to, and the state of the claim after this payment is ordered."""
    told, proof = command.payee, command.proof
    payee = rules.Payee(told.kind, told.name, told.account, command.relation, told.account_holder)
    rules.check_payee(payee, command.amount)
    await _check_proof(tx, claim, command)
    entitled = await queries.entitlements(tx, claim, sheet)
    right = rules.right_of(entitled, told.kind, told.name, command.claimant_ref)
    right = _as_fixed(right, told.kind, sides)
    rows = queries.live(await queries.payments_of(tx, claim.id), claim)
    standing = rules.Standing(
        Line(claim.line or ""), claim.payable_amount or ZERO, ordered=sum((one.amount for one in rows), ZERO),
        share=right.amount, ordered_to_payee=sum((one.amount for one in rows if _counts(one, right, told.name)), ZERO),
        names=right.names, third_party_paid=proof is not None and proof.kind is rules.ProofKind.THIRD_PARTY_PAID,
    )  # fmt: skip
    return right, rules.order_payment(claim.state, payee, command.amount, standing)


def _as_fixed(right: rules.Right, kind: rules.PayeeKind, sides: Sides) -> rules.Right:
    """While proceedings about the claimant run nothing is paid; a final result is then the most he can get."""
    if kind is rules.PayeeKind.EXPENSE_CREDITOR:
        return right
    refuse_not_fixed(sides, right.claimant_ref)
    fixed = fixed_amount(sides, right.claimant_ref)
    if fixed is None:
        return right
    return replace(right, amount=fixed if right.amount is None else min(right.amount, fixed))


def _counts(row: Payment, right: rules.Right, name: str) -> bool:
    """Whether an earlier payment was made out of the same right."""
    same = row.claimant_ref == right.claimant_ref and row.payee_kind in right.pool
    return same and (not right.by_name or rules.plain(row.payee_name) == rules.plain(name))


async def _check_proof(tx: Transaction, claim: Claim, command: OrderPayment) -> None:
    proof = command.proof
    rules.refuse_without_proof(command.payee.kind, proof and proof.kind)
    if proof is None:
        return
    if not proof.reference and not proof.attachment_ids:
        words = Text("须有证明文件或文号。", "Give the files or the reference of the proof.")
        raise rules.ProofRequired(
            Fault(rules.ProofRequired.code, words, pointer="#/proof/attachment_ids"),
            payee_kind=str(command.payee.kind), proof_kind=str(proof.kind),
        )  # fmt: skip
    words = Text("本案没有该附件。", "The claim has no such file.")
    foreign = await queries.foreign_files(tx, claim, proof.attachment_ids)
    if foreign:
        raise ReferenceNotFound(
            *(Fault(ReferenceNotFound.code, words, pointer=f"#/proof/attachment_ids/{at}") for at in foreign)
        )


async def _write(
    tx: Transaction, claim: Claim, command: OrderPayment, digest: str, *, claimant_ref: str | None,
    sheet_version: int | None, approved_digest: str, due_on: date,
) -> Payment:  # fmt: skip
    row = Payment(
        id=uuid7(), version=1, org_path=claim.org_path, created_at=tx.now, updated_at=tx.now, claim_id=claim.id,
        claim_no=claim.claim_no, unit_code=claim.unit_code, payable_no=await queries.next_payable_no(tx, claim.id),
        sheet_version=sheet_version, side_id=command.side_id, approved_digest=approved_digest,
        claimant_ref=claimant_ref,
        amount=command.amount, payee_kind=str(command.payee.kind), payee_name=command.payee.name.strip(),
        payee_account=command.payee.account.strip(), payee_digest=digest, relation=command.relation.strip(),
        proof=command.proof and command.proof.model_dump(mode="json", exclude_none=True),
        status=str(PaymentStatus.ORDERED), due_on=due_on, ordered_by=tx.actor.person_id,
        sending_id=uuid7(), sent_at=tx.now,
    )  # fmt: skip
    tx.add(row)
    return row


async def announce(tx: Transaction, row: Payment) -> None:
    """The core system hears that there is something to pay, the cashier finds it among the work to do."""
    tx.publish(
        events.PaymentOrdered(
            payment_id=row.id, claim_id=row.claim_id, amount=row.amount, payee_kind=row.payee_kind, due_on=row.due_on
        ),
        row,
    )  # fmt: skip
    await ask_cashier(tx, row, PAY_ITEM, Text("支付赔款", "Pay the claim"), "acceptances")


async def ask_cashier(tx: Transaction, row: Payment, kind: str, title: Text, route: str) -> None:
    """Open a work item for the cashier of the unit, or of the lowest unit above it that has one."""
    unit = await queries.paying_unit(tx, row.org_path)
    await open_item(
        tx, kind, row, title, number=row.claim_no, unit_code=unit.code if unit else row.unit_code, position="cashier",
        href=f"/v1/payments/{row.id}/{route}", due_at=at_midnight(row.due_on + timedelta(days=1)), basis="DL-CL-3",
    )  # fmt: skip
