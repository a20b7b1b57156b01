"""Make an approved change: ask for its premium or give back what is too much, and append the version."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.policy.application.tables import Application
from services.policy.endorsement import queries, rules
from services.policy.endorsement.queries import Changed
from services.policy.endorsement.schemas import EndorsementOut, MakeEndorsement
from services.policy.issue import queries as issue
from services.policy.issue.schemas import RecordState
from services.policy.payment_order import handlers as payment
from services.policy.payment_order import queries as orders
from services.policy.payment_order.handlers import Due
from services.policy.payment_order.rules import OrderKind
from services.policy.payment_order.schemas import AccountIn
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy import shapes as policy_shapes
from services.policy.policy.rules import PolicyStatus
from services.policy.policy.tables import Policy, PolicyVersion
from services.policy.refund.rules import Computation
from services.policy.repricing import queries as repricing
from services.policy.repricing.rules import Priced, instalments
from services.policy.version import queries as versions
from services.policy.version import rules as chain
from services.policy.version.handlers import append
from services.policy.version.schemas import Draft
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.money import ZERO, yuan


async def endorse(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, command: MakeEndorsement,
    state: Any,
) -> Answer:  # fmt: skip
    """Make the change, or ask for its premium first where the product wants it before cover."""
    async with db.transaction(actor, key) as tx:
        application = await tx.find_for_change(Application, application_id, version)
        rules.may_endorse(application.kind, application.status)
        policy = await _policy(tx, application)
        before = {"status": application.status}
        at = await _moment(tx, application, policy)
        change = await queries.changed(tx, application, policy, at)
        cost = (await _priced(tx, application, policy, change, at, state)).computation
        asked = await _ask(tx, application, policy, cost, command.payee, state)
        terms = await issue.terms_of(tx, application)
        row = None
        if cost.amount > ZERO and terms.cash_before_cover:
            application.status = rules.PENDING
        else:
            row = await _effect(tx, application, policy, state)
        tx.note("endorse", application, before=before, after={"status": application.status, "policy_id": policy.id})
        out = _out(tx, application, policy, cost, row, asked)
        return tx.answer(out, location=f"/v1/policies/{policy.id}/versions", version=application.version)


async def _policy(tx: Transaction, application: Application) -> Policy:
    policy = await tx.find(Policy, application.policy_id or application.id, lock=True)
    chain.refuse_foreign(policy.policy_no, made_here=policy.made_here)
    return policy


async def _moment(tx: Transaction, application: Application, policy: Policy) -> Any:
    told = application.change.get("effective_on")
    asked = rules.moment(date.fromisoformat(told) if told else None, legal_day(tx.now))
    return chain.endorse_at(
        asked, tx.now, starts_at=policy.starts_at, ends_at=policy.ends_at,
        latest_at=await versions.latest_at(tx, policy), status=PolicyStatus(policy_shapes.status_of(policy, tx.now)),
        ended_at=policy.ended_at,
    )  # fmt: skip


async def _priced(
    tx: Transaction, application: Application, policy: Policy, change: Changed, at: datetime, state: Any
) -> Priced:
    """What the change costs; of a demand for a safety duty that was not kept with what was demanded."""
    clause = application.change.get("safety_clause_id")
    demanded = await state.demanded_increase(tx, policy.id, clause) if clause else None
    return await repricing.priced(
        tx, policy, at, cover=change.cover, ends_at=change.ends_at, added=change.added, removed=change.removed,
        demanded=demanded,
    )  # fmt: skip


async def _ask(
    tx: Transaction, application: Application, policy: Policy, cost: Computation, payee: AccountIn | None, state: Any
) -> PaymentOrder | None:
    """The order for what the change costs or gives back; none where it does neither."""
    if cost.amount == ZERO:
        return None
    out = cost.amount < ZERO
    if out and payee is None:
        words = Text("退还保险费须写明投保人账户。", "Name the policyholder's account that is paid.")
        raise ValidationFailed(Fault("payee_required", words, pointer="#/payee"))
    kind = OrderKind.REFUND if out else OrderKind.ADDITIONAL_PREMIUM
    due_on = await orders.refund_due_on(tx, legal_day(tx.now)) if out else await orders.premium_due_on(tx)
    due = Due(
        kind=kind, amount=abs(cost.amount), computation=cost.shown(), due_on=due_on, application_id=application.id,
        policy_id=policy.id, policy_no=policy.policy_no, parties=await issue.parties(tx, application),
        payee=payee if out else None,
    )  # fmt: skip
    return await payment.order(tx, application, due, state.digest_key)


async def _effect(tx: Transaction, application: Application, policy: Policy, state: Any) -> PolicyVersion:
    """Append the version. What holds is judged anew: the premium may have come days after it was asked for."""
    at = await _moment(tx, application, policy)
    change = await queries.changed(tx, application, policy, at)
    priced = await _priced(tx, application, policy, change, at, state)
    amount = await _agreed(tx, application, priced.computation)
    policy.version += 1
    policy.updated_at = tx.now
    more = {"change": application.change.get("kind"), "term_premium": yuan(priced.term_premium)}
    draft = Draft(
        kind="endorse", no=f"{policy.policy_no}-{policy.policy_version:03d}", effective_at=at,
        reason=application.change.get("reason"), cover=change.cover, ends_at=change.ends_at, premium_delta=amount,
        instalments=_instalments(priced, policy, change, amount), insured_count=change.insured_count,
        people=change.people, more={**more, "application_id": str(application.id)},
    )  # fmt: skip
    row = await append(tx, policy, draft)
    application.status = "effective"
    for follow in state.on_version:
        await follow(tx, policy, row, state)
    tx.note("endorse", policy, after={"policy_version": row.number, "endorsement_no": draft.no})
    return row


async def _agreed(tx: Transaction, application: Application, cost: Computation) -> Decimal:
    """What was asked for is what counts, also where the days left are fewer by now."""
    asked = await orders.of_application(tx, application.id)
    return sum((one.amount if one.direction == "in" else -one.amount for one in asked), ZERO) if asked else cost.amount


def _instalments(
    priced: Priced, policy: Policy, change: Changed, amount: Decimal
) -> tuple[tuple[Decimal, bool, datetime | None], ...]:
    """The parts of the price; where another amount was asked for earlier, that one."""
    if amount == priced.computation.amount:
        return instalments(priced, policy.line, policy.ends_at, change.ends_at)
    return ((amount, policy.line == "accident" and amount < ZERO, None),)


async def premium_paid(tx: Transaction, order: PaymentOrder, state: Any) -> None:
    """The additional premium came: the change takes effect, now or on its later day."""
    if order.purpose is not OrderKind.ADDITIONAL_PREMIUM or order.application_id is None:
        return
    application = await tx.find(Application, order.application_id, lock=True)
    if application.status != rules.PENDING:
        return
    application.version += 1
    application.updated_at = tx.now
    told = application.change.get("effective_on")
    if told and date.fromisoformat(told) < legal_day(tx.now):
        # the day named went by without the premium: never back-dated, it holds from now
        application.change = {**application.change, "effective_on": None, "effective_on_asked": told}
    await _effect(tx, application, await _policy(tx, application), state)


def _out(
    tx: Transaction, application: Application, policy: Policy, cost: Computation, row: PolicyVersion | None,
    asked: PaymentOrder | None,
) -> EndorsementOut:  # fmt: skip
    status = policy_shapes.status_of(policy, tx.now)
    return EndorsementOut(
        id=uuid7() if row is None else row.id, created_at=tx.now, amount=cost.amount, computation=cost.shown(),
        endorsement_no=None if row is None else row.change["no"],
        policy_version=None if row is None else row.number, effective_at=None if row is None else row.effective_at,
        payment_order_id=None if asked is None else asked.id,
        policy=RecordState(id=policy.id, version=policy.version, status=status),
        application=RecordState(id=application.id, version=application.version, status=application.status),
    )  # fmt: skip
