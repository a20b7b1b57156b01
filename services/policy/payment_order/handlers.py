"""Ask for money and pay it back, once: orders, their confirmation, failure and resubmission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from services.policy import events
from services.policy.payment_order import queries, rules, shapes
from services.policy.payment_order.queries import OrderFacts
from services.policy.payment_order.rules import OrderKind, OrderStatus, Party
from services.policy.payment_order.schemas import AccountIn, ConfirmOrder, FailOrder, ResubmitOrder
from services.policy.payment_order.tables import PaymentOrder
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.masking import keyed_digest
from shared.ticks import Tick, one_by_one
from shared.work_items import close_items, open_item

COLLECT_ITEM, PAY_ITEM, RESUBMIT_ITEM = "collect_premium", "pay_refund", "resubmit_payment_order"


class About(Protocol):
    """The application or policy that an order is about."""

    @property
    def org_path(self) -> Any: ...
    @property
    def unit_code(self) -> Any: ...
    @property
    def customer_id(self) -> Any: ...
    @property
    def line(self) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Due:
    """What is to be collected or paid: `amount` in yuan above zero, and how it came about. `payee` of a refund."""

    kind: OrderKind
    amount: Decimal
    computation: dict[str, Any]
    due_on: date
    parties: Sequence[Party]
    application_id: UUID | None = None
    policy_id: UUID | None = None
    policy_no: str | None = None
    payee: AccountIn | None = None


async def order(tx: Transaction, about: About, due: Due, digest_key: bytes) -> PaymentOrder:
    """Write the order and announce it; the one that stands for this application and kind already is given back.

    Raises `PayeeNotEntitled` or `StaffAccount` for a refund to the wrong account.
    """
    if due.application_id is not None:
        for one in await queries.of_application(tx, due.application_id, str(due.kind)):
            return one
    row = PaymentOrder(
        id=uuid7(), version=1, org_path=about.org_path, unit_code=about.unit_code, customer_id=about.customer_id,
        line=about.line, application_id=due.application_id, policy_id=due.policy_id, policy_no=due.policy_no,
        kind=str(due.kind), direction=due.kind.direction, amount=due.amount, computation=due.computation,
        parties=[one.stored() for one in due.parties], due_on=due.due_on, status=str(OrderStatus.CREATED),
        sending=1, sent_at=tx.now,
    )  # fmt: skip
    if due.payee is not None:
        await _set_payee(tx, row, due.payee, digest_key)
    tx.add(row)
    await announce(tx, row)
    return row


async def _set_payee(tx: Transaction, row: PaymentOrder, payee: AccountIn, digest_key: bytes) -> None:
    digest = keyed_digest(digest_key, payee.account)
    behind, handlers = await queries.staff_behind(tx, digest), await queries.handlers_of(tx, row)
    rules.check_payee(payee.name, rules.parties_of(row.parties), behind, handlers)
    row.payee_name, row.payee_account, row.payee_digest = payee.name.strip(), payee.account.strip(), digest


async def announce(tx: Transaction, row: PaymentOrder) -> None:
    """The core system hears that there is something to collect or to pay, the cashier finds it among the work."""
    tx.publish(
        events.PaymentOrderCreated(
            payment_order_id=row.id, application_id=row.application_id, policy_id=row.policy_id, kind=row.kind,
            direction=row.direction, amount=row.amount, due_on=row.due_on, sending=row.sending,
        ),
        row,
    )  # fmt: skip
    out = row.purpose is OrderKind.REFUND
    title = Text("支付退费", "Pay the refund") if out else Text("收取保险费", "Collect the premium")
    await open_item(
        tx, PAY_ITEM if out else COLLECT_ITEM, row, title, number=row.policy_no, unit_code=row.unit_code,
        position="cashier", href=f"/v1/payment-orders/{row.id}/confirmations",
        due_at=at_midnight(row.due_on + timedelta(days=1)),
    )  # fmt: skip


def cancel(tx: Transaction, row: PaymentOrder, reason: str) -> None:
    """Take an order back: nothing is collected or paid on it any more."""
    before = shapes.noted(row)
    row.status, row.reason = str(rules.advance(row.state, OrderStatus.CANCELLED)), reason
    row.version += 1
    row.updated_at = tx.now
    tx.note("cancel", row, before=before, after=shapes.noted(row), reason=reason)


async def withdraw(tx: Transaction, order_id: UUID) -> None:
    """Take back what was asked for by an application that came to nothing meanwhile."""
    row = await tx.find(PaymentOrder, order_id, lock=True)
    if row.state in (OrderStatus.CREATED, OrderStatus.FAILED):
        cancel(tx, row, "application_ended")
        await close_items(tx, row.id)


TICKS = (Tick("payment_order_withdrawn", timedelta(minutes=1), one_by_one(queries.pointless, withdraw)),)


def check_confirm(_actor: Actor, facts: OrderFacts) -> None:
    """Whether the order may still be confirmed."""
    rules.advance(facts.order.state, OrderStatus.PAID)


def check_fail(_actor: Actor, facts: OrderFacts) -> None:
    """Whether the order may still fail."""
    rules.advance(facts.order.state, OrderStatus.FAILED)


def check_resubmit(_actor: Actor, facts: OrderFacts) -> None:
    """Whether the order is one to send again."""
    rules.advance(facts.order.state, OrderStatus.CREATED)


ACTIONS = (
    Action("confirm", "POST", "/v1/payment-orders/{id}/confirmations", "policy.payment_order.confirm", check_confirm),
    Action("fail", "POST", "/v1/payment-orders/{id}/failures", "policy.payment_order.fail", check_fail),
    Action(
        "resubmit", "POST", "/v1/payment-orders/{id}/resubmissions", "policy.payment_order.resubmit", check_resubmit
    ),
)


def _answer(tx: Transaction, row: PaymentOrder) -> Answer:
    return tx.answer(shapes.fact(tx, row), location=f"/v1/payment-orders/{row.id}", version=row.version)


async def confirm(
    db: Database, actor: Actor, key: RequestKey, order_id: UUID, version: int | None, command: ConfirmOrder, state: Any
) -> Answer:
    """It was collected or paid. Told twice under the same reference it is the same; what waited for it goes on."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find(PaymentOrder, order_id, lock=True)
        if rules.repeats(row.state, row.reference, command.reference.strip()):
            return _answer(tx, row)
        row = await tx.find_for_change(PaymentOrder, order_id, version)
        before = shapes.noted(row)
        status = rules.confirm(row.state, row.amount, command.amount, command.paid_at, tx.now)
        if row.direction == "in":
            await _take_payer(tx, row, command.payer, state.digest_key)
        row.status, row.paid_at, row.reference = str(status), command.paid_at, command.reference.strip()
        await close_items(tx, row.id)
        await tx.flush()
        for follow in state.on_paid:
            await follow(tx, row, state)
        tx.note("confirm", row, before=before, after={**shapes.noted(row), "reference": row.reference})
        return _answer(tx, row)


async def _take_payer(tx: Transaction, row: PaymentOrder, payer: AccountIn | None, digest_key: bytes) -> None:
    if payer is None:
        words = Text("收取保险费须写明付款人及账户。", "A premium states the payer and the account.")
        raise ValidationFailed(Fault("payer_required", words, pointer="#/payer"))
    digest = keyed_digest(digest_key, payer.account)
    behind, handlers = await queries.staff_behind(tx, digest), await queries.handlers_of(tx, row)
    rules.check_payer(payer.name, rules.parties_of(row.parties), behind, handlers)
    row.payer_name, row.payer_account, row.payer_digest = payer.name.strip(), payer.account.strip(), digest


async def fail(
    db: Database, actor: Actor, key: RequestKey, order_id: UUID, version: int | None, command: FailOrder
) -> Answer:
    """It could not be collected or paid; somebody has to look at it."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(PaymentOrder, order_id, version)
        check_fail(actor, OrderFacts(row))
        if command.at > tx.now:
            raise OccurredInFuture()
        before = shapes.noted(row)
        row.status, row.failed_at = str(OrderStatus.FAILED), command.at
        row.failure_code = command.reason_code
        await close_items(tx, row.id)
        await open_item(
            tx, RESUBMIT_ITEM, row, Text("收付失败，重新提交", "Send the failed order again"), number=row.policy_no,
            unit_code=row.unit_code, position="cashier", href=f"/v1/payment-orders/{row.id}/resubmissions",
        )  # fmt: skip
        tx.note("fail", row, before=before, after={**shapes.noted(row), "failure_code": row.failure_code})
        return _answer(tx, row)


async def resubmit(
    db: Database, actor: Actor, key: RequestKey, order_id: UUID, version: int | None, command: ResubmitOrder, state: Any
) -> Answer:
    """Send what failed again. It stays the same order, so that it is carried out once whatever comes back."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(PaymentOrder, order_id, version)
        check_resubmit(actor, OrderFacts(row))
        before = shapes.noted(row)
        if command.payee is not None:
            _refuse_payee_of_premium(row)
            await _set_payee(tx, row, command.payee, state.digest_key)
        row.status, row.sending, row.sent_at = str(OrderStatus.CREATED), row.sending + 1, tx.now
        row.failed_at = row.failure_code = None
        await close_items(tx, row.id)
        await announce(tx, row)
        tx.note("resubmit", row, before=before, after=shapes.noted(row))
        return _answer(tx, row)


def _refuse_payee_of_premium(row: PaymentOrder) -> None:
    if row.direction == "in":
        words = Text("收费指令没有收款人。", "An order to collect has no payee.")
        raise ValidationFailed(Fault("payee_unexpected", words, pointer="#/payee"))
