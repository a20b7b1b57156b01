"""Declare a rescission: the right is judged, the contract ends, the premium is kept or goes back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.policy import events
from services.policy.cancellation.handlers import Ending, end_policy
from services.policy.issue.schemas import RecordState
from services.policy.payment_order import handlers as payment
from services.policy.payment_order import queries as orders
from services.policy.payment_order.handlers import Due
from services.policy.payment_order.rules import OrderKind
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy import shapes as policy_shapes
from services.policy.policy.rules import PolicyStatus, advance
from services.policy.policy.tables import Policy
from services.policy.refund.rules import Computation, Part
from services.policy.refund_quote.queries import Settlement
from services.policy.rescission import queries, rules
from services.policy.rescission.schemas import DeclareRescission, RescissionOut
from services.policy.rescission.tables import Rescission
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.money import ZERO, yuan


async def rescind(db: Database, actor: Actor, key: RequestKey, command: DeclareRescission, state: Any) -> Answer:
    """Rescind the contract for what was not told (保险法 art. 16). Raises one refusal for each bar."""
    async with db.transaction(actor, key) as tx:
        policy = await _policy(tx, command)
        advance(PolicyStatus(policy_shapes.status_of(policy, tx.now)), PolicyStatus.RESCINDED)
        row = await _judge(tx, policy, command)
        tx.add(row)
        before = {"status": policy.stated_status}
        order = await _end(tx, policy, row, command, state)
        after = {"status": policy.stated_status, "intent": row.intent, "influence": row.influence}
        tx.note("rescind", policy, before=before, after=after, reason=command.ground.question_code)
        return tx.answer(_out(tx, policy, row, order), location=f"/v1/policies/{policy.id}", version=policy.version)


async def _policy(tx: Transaction, command: DeclareRescission) -> Policy:
    try:
        return await tx.find_for_change(Policy, command.policy_id, None)
    except NotFound:
        raise ReferenceNotFound.at("#/policy_id") from None


async def _judge(tx: Transaction, policy: Policy, command: DeclareRescission) -> Rescission:
    formed, asked = queries.formed_on(policy), await queries.asked(tx, policy)
    right, bar_on = await queries.right(tx, command.known_on, formed)
    told = command.ground
    ground = rules.Ground(told.question_code, command.known_on, asked.codes, told.proposal_reference)
    rules.may_rescind(ground, right, formed, legal_day(tx.now), await queries.premium_days(tx, policy), bar_on)
    follows = rules.consequence(command.intent, command.influence, await queries.premium_paid(tx, policy))
    return Rescission(
        policy_id=policy.id, org_path=policy.org_path, question_code=told.question_code,
        question_version=asked.version, proposal_reference=told.proposal_reference, fact=told.fact,
        affects=told.affects, intent=str(command.intent), influence=command.influence, known_on=command.known_on,
        formed_on=formed, last_on=right.due_on or bar_on, losses_paid=follows.losses_paid,
        refund_amount=follows.refund, declared_by=tx.actor.person_id,
    )  # fmt: skip


def _computation(row: Rescission) -> Computation:
    if row.intent == rules.Intent.INTENT:
        text = Text("故意不履行如实告知义务，不退还保险费", "Intent: the premium is not returned")
        return Computation("rescission_intent", ZERO, (Part("premium_kept", ZERO, text),))
    amount: Decimal = row.refund_amount
    text = Text(f"重大过失，退还保险费 {yuan(amount)}", f"Gross negligence: premium returned, {yuan(amount)}")
    return Computation("rescission_gross_negligence", amount, (Part("premium_returned", amount, text),))


async def _end(
    tx: Transaction, policy: Policy, row: Rescission, command: DeclareRescission, state: Any
) -> PaymentOrder | None:
    due_on = await orders.refund_due_on(tx, legal_day(tx.now))
    parties = await queries.parties(tx, policy)
    settled = Settlement(_computation(row), ZERO)
    at = tx.now if policy.ended_at is None else min(policy.ended_at, tx.now)
    if not policy.made_here:
        return await _announce(tx, policy, row, settled, command, state)
    ending = Ending(
        kind="rescind", status="rescinded", at=at, reason=row.question_code, settlement=settled, due_on=due_on,
        parties=parties, payee=command.payee, application_id=None, more={"losses_paid": row.losses_paid},
    )  # fmt: skip
    _, order = await end_policy(tx, policy, ending, state)
    return order


async def _announce(
    tx: Transaction, policy: Policy, row: Rescission, settled: Settlement, command: DeclareRescission, state: Any
) -> PaymentOrder | None:
    """A policy of the core ends by the declaration; the core makes the version of it, and pays from its own data."""
    at = policy.ended_at or tx.now
    policy.stated_status, policy.ended_at = "rescinded", at
    ended = events.PolicyCancelled(
        policy_id=policy.id, effective_on=legal_day(at), effective_at=at, kind="rescind",
        refund_amount=row.refund_amount, losses_paid=row.losses_paid,
    )  # fmt: skip
    tx.publish(ended, policy)
    if settled.amount == ZERO:
        return None
    due = Due(
        kind=OrderKind.REFUND, amount=settled.amount, computation=settled.computation.shown(),
        due_on=await orders.refund_due_on(tx, legal_day(tx.now)), policy_id=policy.id, policy_no=policy.policy_no,
        parties=await queries.parties(tx, policy), payee=command.payee if policy.application_id else None,
    )  # fmt: skip
    return await payment.order(tx, policy, due, state.digest_key)


def _out(tx: Transaction, policy: Policy, row: Rescission, order: PaymentOrder | None) -> RescissionOut:
    names = (
        "id", "created_at", "known_on", "formed_on", "last_on", "intent", "influence", "losses_paid", "refund_amount",
    )  # fmt: skip
    status = policy_shapes.status_of(policy, tx.now)
    return RescissionOut(
        **{name: getattr(row, name) for name in names}, payment_order_id=None if order is None else order.id,
        policy=RecordState(id=policy.id, version=policy.version, status=status),
    )  # fmt: skip
