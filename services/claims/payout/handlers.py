"""What becomes of an ordered payment: accepted by the cashier, paid, failed, sent again."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims.adjustment import handlers as adjustment
from services.claims.adjustment import queries as sheets
from services.claims.agreement.handlers import settle
from services.claims.claim.handlers import take_duty
from services.claims.claim.rules import BEFORE_DECISION, Duty, Held
from services.claims.claim.tables import Claim
from services.claims.payment import queries, rules, shapes
from services.claims.payment.handlers import PAY_ITEM, announce, ask_cashier, refuse_changed_grant
from services.claims.payment.queries import PaymentFacts
from services.claims.payment.rules import PaymentStatus
from services.claims.payment.schemas import ConfirmPayment, FailPayment, ResubmitPayment
from services.claims.payment.tables import Payment
from services.claims.side import queries as side
from services.claims.side.rules import SideKind
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Fault, ReasonRequired, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan
from shared.work_items import close_items

RESUBMIT_ITEM = "resubmit"
FAILED_FLAG = "payment_failed"
"""Mark on a claim of which a payment did not arrive."""


def check_accept(actor: Actor, facts: PaymentFacts) -> None:
    """Whether this caller may take the payment over to pay it."""
    rules.may_handle(actor, facts.payment.state, PaymentStatus.ACCEPTED, facts.duties, facts.interested)


def check_confirm(actor: Actor, facts: PaymentFacts) -> None:
    """Whether this caller may tell that it was paid."""
    rules.may_handle(actor, facts.payment.state, PaymentStatus.PAID, facts.duties, facts.interested)


def check_fail(actor: Actor, facts: PaymentFacts) -> None:
    """Whether this caller may tell that it failed, or was returned once it had been paid."""
    paid = facts.payment.state is PaymentStatus.PAID
    to = PaymentStatus.RETURNED if paid else PaymentStatus.FAILED
    rules.may_handle(actor, facts.payment.state, to, facts.duties, facts.interested)


def check_resubmit(actor: Actor, facts: PaymentFacts) -> None:
    """Whether this caller may send the payment again."""
    rules.may_handle(actor, facts.payment.state, PaymentStatus.ORDERED, facts.duties, facts.interested)


PAYMENT_ACTIONS = (
    Action("accept", "POST", "/v1/payments/{id}/acceptances", "claims.payment.accept", check_accept),
    Action("confirm", "POST", "/v1/payments/{id}/confirmations", "claims.payment.confirm", check_confirm),
    Action("fail", "POST", "/v1/payments/{id}/failures", "claims.payment.fail", check_fail),
    Action("resubmit", "POST", "/v1/payments/{id}/resubmissions", "claims.payment.resubmit", check_resubmit),
)


def _take_cashier(tx: Transaction, facts: PaymentFacts) -> None:
    """Whoever pays has the duty; the core system is nobody who could have another."""
    person = tx.actor.person_id
    if tx.actor.position != shapes.CORE_SYSTEM and Held(Duty.CASHIER, person) not in facts.duties:
        take_duty(tx, facts.claim, Duty.CASHIER)


def _touch(tx: Transaction, claim: Claim) -> None:
    claim.version += 1
    claim.updated_at = tx.now


def _answer(tx: Transaction, facts: PaymentFacts) -> Answer:
    row = facts.payment
    return tx.answer(
        shapes.fact(tx, row, facts.claim), location=f"/v1/payments/{row.id}", version=row.version
    )  # fmt: skip


async def accept_payment(db: Database, actor: Actor, key: RequestKey, payment_id: UUID, version: int | None) -> Answer:
    """The cashier or the core system has taken the payment over."""
    async with db.transaction(actor, key) as tx:
        facts = await queries.facts_of(tx, *await queries.payment_and_claim(tx, payment_id, version))
        check_accept(actor, facts)
        row = facts.payment
        before = {"status": row.status}
        row.status, row.accepted_at = str(PaymentStatus.ACCEPTED), tx.now
        _take_cashier(tx, facts)
        tx.note("accept", row, before=before, after={"status": row.status})
        return _answer(tx, facts)


async def confirm_payment(
    db: Database, actor: Actor, key: RequestKey, payment_id: UUID, version: int | None, command: ConfirmPayment
) -> Answer:
    """It was paid. With the last payment the claim is paid, and settled."""
    async with db.transaction(actor, key) as tx:
        facts = await queries.facts_of(tx, *await queries.payment_and_claim(tx, payment_id, version))
        check_confirm(actor, facts)
        row, claim = facts.payment, facts.claim
        sent_at = row.sent_at.replace(microsecond=0)
        status = rules.confirm(row.state, command.paid_at, command.reference, ordered_at=sent_at, now=tx.now)
        before = {"status": row.status}
        row.status, row.paid_at, row.reference = str(status), command.paid_at, command.reference.strip()
        await _count(tx, claim, row, row.amount, row.sending_id)
        await tx.flush()
        await close_items(tx, row.id, PAY_ITEM)
        _take_cashier(tx, facts)
        await _after_confirmation(tx, claim)
        after = {"status": row.status, "paid_at": row.paid_at, "reference": row.reference}
        tx.note("confirm", row, before=before, after=after)
        return _answer(tx, facts)


async def _count(tx: Transaction, claim: Claim, row: Payment, amount: Decimal, source_id: UUID) -> None:
    """What went out is deducted from the next sheet, as an advance or as a payment; an ex gratia payment is not: it
    was never owed."""
    granted = None if row.side_id is None else await side.paid_out(tx, claim.id, row.side_id)
    if granted is None:
        adjustment.record_prior_payment(tx, claim, "payment", amount, source_id)
    elif granted.kind == SideKind.ADVANCE:
        adjustment.record_prior_payment(tx, claim, "advance", amount, source_id)
        if amount > ZERO and claim.advance_paid_at is None:
            claim.advance_paid_at = row.paid_at
            _touch(tx, claim)


async def _after_confirmation(tx: Transaction, claim: Claim) -> None:
    """What the confirmed payments make of the claim: `paid` with the last one; the mark of a failed one goes."""
    rows = await queries.payments_of(tx, claim.id)
    done = [one for one in queries.live(rows, claim) if one.state is PaymentStatus.PAID]
    amounts = [one.amount for one in done]
    payable = claim.payable_amount or ZERO
    unpaid = any(one.state in (PaymentStatus.FAILED, PaymentStatus.RETURNED) for one in rows if one.side_id)
    if FAILED_FLAG in claim.flags and not unpaid and sum(amounts, ZERO) >= _owed(claim, payable):
        claim.flags = [flag for flag in claim.flags if flag != FAILED_FLAG]
        _touch(tx, claim)
    status = rules.after_confirmation(claim.state, payable, amounts)
    if status is claim.state:
        return
    before = {"status": claim.status}
    claim.advance(status)
    _touch(tx, claim)
    settled_at: datetime = max(one.paid_at for one in done if one.paid_at is not None)
    await settle(tx, claim, settled_at)
    tx.note("settle", claim, before=before, after={"status": claim.status, "paid": yuan(sum(amounts, ZERO))})


def _owed(claim: Claim, payable: Decimal) -> Decimal:
    """Before the decision, and once nothing is agreed, a sheet owes nothing yet."""
    return payable if claim.agreed_at is not None else ZERO


async def fail_payment(
    db: Database, actor: Actor, key: RequestKey, payment_id: UUID, version: int | None, command: FailPayment
) -> Answer:
    """It did not go out, or the bank sent it back after it was paid: it no longer counts, and can be sent again."""
    async with db.transaction(actor, key) as tx:
        facts = await queries.facts_of(tx, *await queries.payment_and_claim(tx, payment_id, version))
        row, claim = facts.payment, facts.claim
        to = PaymentStatus(command.kind)
        rules.may_handle(actor, row.state, to, facts.duties, facts.interested)
        rules.fail(command.reason_code, command.at, sent_at=row.sent_at.replace(microsecond=0), now=tx.now)
        before = {"status": row.status}
        row.status, row.failed_at, row.failure_code = str(to), command.at, command.reason_code
        if to is PaymentStatus.RETURNED:
            await _count(tx, claim, row, -row.amount, uuid7())
        _take_cashier(tx, facts)
        if FAILED_FLAG not in claim.flags:
            claim.flags = [*claim.flags, FAILED_FLAG]
            _touch(tx, claim)
        await close_items(tx, row.id, PAY_ITEM)
        words = Text("付款未成功，重新支付", "The payment failed: send it again")
        await ask_cashier(tx, row, RESUBMIT_ITEM, words, "resubmissions")
        tx.note("fail", row, before=before, after={"status": row.status, "reason_code": command.reason_code})
        return _answer(tx, facts)


async def resubmit_payment(
    db: Database, actor: Actor, key: RequestKey, payment_id: UUID, version: int | None, command: ResubmitPayment,
    state: Any,
) -> Answer:  # fmt: skip
    """Send a failed or returned payment again: the same payable, the same payee, perhaps another account."""
    async with db.transaction(actor, key) as tx:
        facts = await queries.facts_of(tx, *await queries.payment_and_claim(tx, payment_id, version))
        check_resubmit(actor, facts)
        row, claim = facts.payment, facts.claim
        await _refuse_paid_otherwise(tx, row, claim)
        before = {"status": row.status}
        if command.payee is not None:
            await _change_account(tx, facts, command, state)
        row.status, row.sending_id, row.sent_at = str(PaymentStatus.ORDERED), uuid7(), tx.now
        row.accepted_at = row.paid_at = row.reference = row.failed_at = row.failure_code = None
        _take_cashier(tx, facts)
        await close_items(tx, row.id, RESUBMIT_ITEM)
        await announce(tx, row)
        after = {"status": row.status, "account_changed": command.payee is not None}
        tx.note("resubmit", row, before=before, after=after, reason=command.reason)
        return _answer(tx, facts)


async def _refuse_paid_otherwise(tx: Transaction, row: Payment, claim: Claim) -> None:
    """Refuse (409) sending again what is no longer owed: ordered anew meanwhile, of a sheet that was replaced, of a
    reopened claim; and what is no longer as it was approved."""
    if row.side_id is not None:
        await _refuse_granted_otherwise(tx, row, row.side_id)
        return
    if claim.state in BEFORE_DECISION:
        raise rules.PaymentBeforeApproval(current_state=claim.status)
    sheet = await sheets.current_sheet(tx, claim)
    if sheet is None or row.sheet_version != sheet.sheet_version:
        raise rules.ApprovedBasisChanged(changed=["sheet"])
    changed = await queries.changed_since_approval(tx, claim, sheet)
    if changed:
        raise rules.ApprovedBasisChanged(changed=changed)
    others = sum((one.amount for one in queries.live(await queries.payments_of(tx, claim.id), claim)), ZERO)
    payable = claim.payable_amount or ZERO
    if others + row.amount > payable:
        raise rules.AlreadyPaid(ordered=others, payable=payable)


async def _refuse_granted_otherwise(tx: Transaction, row: Payment, side_id: UUID) -> None:
    granted = await side.paid_out(tx, row.claim_id, side_id)
    if granted is None:
        raise rules.ApprovedBasisChanged(changed=["side"])
    await refuse_changed_grant(tx, granted)
    rows = queries.live_of_side(await queries.payments_of(tx, row.claim_id), side_id)
    others = sum((one.amount for one in rows), ZERO)
    if others + row.amount > granted.amount:
        raise rules.AlreadyPaid(ordered=others, payable=granted.amount)


async def _change_account(tx: Transaction, facts: PaymentFacts, command: ResubmitPayment, state: Any) -> None:
    """Another account in the name of the same payee; who the payee is does not change here."""
    row, claim, told = facts.payment, facts.claim, command.payee
    if told is None:
        return
    rules.refuse_new_payee(claim.state)
    if not (command.reason or "").strip():
        raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
    kind = rules.PayeeKind(row.payee_kind)
    rules.check_payee(
        rules.Payee(kind, row.payee_name, told.account, row.relation, told.account_holder), row.amount
    )  # fmt: skip
    digest = queries.digest_of(state, told.account)
    rules.refuse_staff_payee(
        await queries.staff_behind(tx, digest), tx.actor, facts.duties, taking=Duty.CASHIER,
        approved_as_staff=await queries.approved_as_staff(tx, claim, state.digest_key),
    )  # fmt: skip
    row.payee_account, row.payee_digest = told.account.strip(), digest
