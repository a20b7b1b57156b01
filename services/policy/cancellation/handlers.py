"""End a contract: a last version, the money that goes back, and the news of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.policy.application.tables import Application
from services.policy.cancellation import rules
from services.policy.cancellation.schemas import CancellationOut, CarryOutCancellation
from services.policy.issue import queries as issue
from services.policy.issue.schemas import RecordState
from services.policy.payment_order import handlers as payment
from services.policy.payment_order import queries as orders
from services.policy.payment_order.handlers import Due
from services.policy.payment_order.rules import OrderKind, OrderStatus, Party
from services.policy.payment_order.schemas import AccountIn
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy import shapes as policy_shapes
from services.policy.policy.rules import PolicyStatus
from services.policy.policy.tables import Policy, PolicyVersion
from services.policy.refund_quote import queries as quotes
from services.policy.refund_quote.queries import Settlement
from services.policy.version import rules as chain
from services.policy.version.handlers import append
from services.policy.version.schemas import Draft
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.money import ZERO
from shared.work_items import close_items


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a contract ends: `status` `cancelled` or `rescinded`; `due_on` is the day by which a refund is paid."""

    kind: str
    status: str
    at: datetime
    reason: str | None
    settlement: Settlement
    due_on: date
    parties: Sequence[Party]
    payee: AccountIn | None
    application_id: UUID | None
    more: dict[str, Any]


async def end_policy(
    tx: Transaction, policy: Policy, ending: Ending, state: Any
) -> tuple[PolicyVersion, PaymentOrder | None]:
    """Append the last version and settle the money. The policy's row is locked and counted up by the caller.

    What was asked for and not paid is withdrawn: it is part of the settlement.
    """
    settled = ending.settlement
    order = await _settle(tx, policy, ending, state)
    draft = Draft(
        kind=ending.kind, no=f"{policy.policy_no}-{policy.policy_version:03d}", effective_at=ending.at,
        reason=ending.reason, status=ending.status, ended_at=ending.at, premium_delta=-settled.computation.amount,
        refund_amount=max(settled.amount, ZERO), more={"computation": quotes.shown(settled), **ending.more},
    )  # fmt: skip
    row = await append(tx, policy, draft)
    for follow in state.on_version:
        await follow(tx, policy, row, state)
    return row, order


async def _settle(tx: Transaction, policy: Policy, ending: Ending, state: Any) -> PaymentOrder | None:
    for one in await orders.of_policy(tx, policy.id):
        if one.state in (OrderStatus.CREATED, OrderStatus.FAILED):
            payment.cancel(tx, one, ending.kind)
            await close_items(tx, one.id)
    await tx.flush()
    amount = ending.settlement.amount
    if amount == ZERO:
        return None
    if amount > ZERO and ending.payee is None:
        words = Text("退还保险费须写明投保人账户。", "Name the policyholder's account that is paid.")
        raise ValidationFailed(Fault("payee_required", words, pointer="#/payee"))
    kind = OrderKind.REFUND if amount > ZERO else OrderKind.ADDITIONAL_PREMIUM
    due = Due(
        kind=kind, amount=abs(amount), computation=quotes.shown(ending.settlement),
        due_on=ending.due_on if amount > ZERO else await orders.premium_due_on(tx),
        application_id=ending.application_id, policy_id=policy.id, policy_no=policy.policy_no,
        parties=ending.parties, payee=ending.payee if amount > ZERO else None,
    )  # fmt: skip
    return await payment.order(tx, policy, due, state.digest_key)


async def cancel(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None,
    command: CarryOutCancellation, state: Any,
) -> Answer:  # fmt: skip
    """Carry out an accepted cancellation: it holds from the receipt of the notice or the later day named in it."""
    async with db.transaction(actor, key) as tx:
        application = await tx.find_for_change(Application, application_id, version)
        rules.may_cancel(application.kind, application.status)
        policy = await tx.find(Policy, application.policy_id or application.id, lock=True)
        chain.refuse_foreign(policy.policy_no, made_here=policy.made_here)
        await _refuse_compulsory(tx, application, policy)
        received, at = _moments(application, policy, tx.now)
        policy.version += 1
        policy.updated_at = tx.now
        ending = Ending(
            kind="cancel", status="cancelled", at=at, reason=application.change.get("reason"),
            settlement=await quotes.settlement(tx, policy, at),
            due_on=await orders.refund_due_on(tx, legal_day(received)), parties=await issue.parties(tx, application),
            payee=command.payee, application_id=application.id, more={},
        )  # fmt: skip
        row, order = await end_policy(tx, policy, ending, state)
        before = {"status": application.status}
        refunds = order is not None and order.direction == "out"
        application.status = "refund_pending" if refunds else "closed"
        tx.note("cancel", application, before=before, after={"status": application.status, "policy_id": policy.id})
        tx.note("cancel", policy, after={"policy_version": row.number, "ended_at": at})
        out = out_of(tx, policy, row, ending.settlement, order, application)
        return tx.answer(out, location=f"/v1/policies/{policy.id}/versions", version=application.version)


async def _refuse_compulsory(tx: Transaction, application: Application, policy: Policy) -> None:
    terms = await quotes.terms_of(tx, policy)
    proven = bool(application.change.get("proof") or application.change.get("proof_attachment_id"))
    rules.refuse_compulsory(work_safety=terms is not None and terms.work_safety, proven=proven)


def _moments(application: Application, policy: Policy, now: datetime) -> tuple[datetime, datetime]:
    """When the notice was received, and from when the end holds."""
    told, named = application.change["notice_received_at"], application.change.get("effective_on")
    received = datetime.fromisoformat(told)
    day = date.fromisoformat(named) if named else None
    # the day of receipt itself is no later day: the notice works at its receipt
    named_at = None if day is None or day == legal_day(received) else at_midnight(day)
    status = PolicyStatus(policy_shapes.status_of(policy, named_at or received))
    return received, chain.end_at(received, named_at, now, ends_at=policy.ends_at, status=status)


async def refund_paid(tx: Transaction, order: PaymentOrder, _state: Any) -> None:
    """The refund went out: the cancellation is refunded."""
    if order.purpose is not OrderKind.REFUND or order.application_id is None:
        return
    application = await tx.find(Application, order.application_id, lock=True)
    if application.kind == "cancellation" and application.status == "refund_pending":
        application.status = "refunded"
        application.version += 1
        application.updated_at = tx.now


def out_of(
    tx: Transaction, policy: Policy, row: PolicyVersion, settled: Settlement, order: PaymentOrder | None,
    application: Application | None,
) -> CancellationOut:  # fmt: skip
    """The end of the contract as it is answered."""
    status = policy_shapes.status_of(policy, tx.now)
    made = None
    if application is not None:
        made = RecordState(id=application.id, version=application.version, status=application.status)
    return CancellationOut(
        id=row.id, created_at=tx.now, effective_at=row.effective_at, amount=settled.amount,
        computation=quotes.shown(settled), claims_open=policy.claims_open,
        payment_order_id=None if order is None else order.id,
        policy=RecordState(id=policy.id, version=policy.version, status=status), application=made,
    )  # fmt: skip
