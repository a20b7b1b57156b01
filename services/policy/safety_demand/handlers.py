"""Propose what may be demanded for an overdue hazard, demand it, and see it agreed or the cover ended."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy.application.tables import Application
from services.policy.cancellation.handlers import Ending, end_policy
from services.policy.payment_order import queries as orders
from services.policy.policy import shapes as policy_shapes
from services.policy.policy.rules import PolicyStatus
from services.policy.policy.tables import Policy
from services.policy.refund_quote import queries as quotes
from services.policy.rescission.queries import parties
from services.policy.safety_demand import queries, rules
from services.policy.safety_demand.queries import DemandFacts
from services.policy.safety_demand.rules import DemandStatus
from services.policy.safety_demand.schemas import (
    AgreeIncrease,
    CancelCover,
    DemandFactOut,
    DemandIncrease,
    DemandState,
    DropDemand,
)
from services.policy.safety_demand.tables import SafetyDemand
from services.policy.version import rules as chain
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

PROPOSE_ITEM = "safety_demand"


async def propose(
    tx: Transaction, policy_id: UUID | None, hazard_id: UUID, hazard_class: str, due_on: date, unit_code: str | None
) -> None:
    """A hazard was not cured in time: put before the underwriter what may be demanded, once for each day missed."""
    policy = None if policy_id is None else await tx.scalar(select(Policy).where(Policy.id == policy_id))
    if policy is None or policy_shapes.status_of(policy, tx.now) not in ("issued", "in_force"):
        return
    told = select(SafetyDemand.id).where(SafetyDemand.hazard_id == hazard_id, SafetyDemand.due_on == due_on)
    if await tx.scalar(told) is not None:
        return
    row = SafetyDemand(
        id=uuid7(), version=1, org_path=policy.org_path, unit_code=policy.unit_code, policy_id=policy.id,
        policy_no=policy.policy_no, customer_id=policy.customer_id, hazard_id=hazard_id, hazard_class=hazard_class,
        due_on=due_on, status=str(DemandStatus.PROPOSED),
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    await open_item(
        tx, PROPOSE_ITEM, row, Text("隐患逾期未改：提出增费或解除", "Hazard not cured: demand more or end the cover"),
        number=policy.policy_no, unit_code=unit_code or policy.unit_code, position="underwriter",
        href=f"/v1/safety-demands/{row.id}/demands", basis="保险法第五十一条",
    )  # fmt: skip
    tx.note("propose", row, after={"status": row.status, "hazard_id": hazard_id})


async def cured(tx: Transaction, hazard_id: UUID) -> None:
    """The hazard was closed before anything was demanded: the proposal falls away."""
    for row in await queries.open_of_hazard(tx, hazard_id):
        row.version += 1
        row.updated_at = tx.now
        await _move(tx, row, DemandStatus.DROPPED, "drop", "hazard_closed")


async def _move(tx: Transaction, row: SafetyDemand, to: DemandStatus, action: str, reason: str | None) -> None:
    before = {"status": row.status}
    row.status, row.outcome = str(rules.advance(row.state, to)), str(to)
    await close_items(tx, row.id)
    tx.note(action, row, before=before, after={"status": row.status}, reason=reason)


def _check(to: DemandStatus) -> Any:
    def check(_actor: Actor, facts: DemandFacts) -> None:
        rules.advance(facts.demand.state, to)

    return check


_PATH, _MAY = "/v1/safety-demands/{id}/", "policy.safety_demand.decide"
ACTIONS = (
    Action("demand", "POST", f"{_PATH}demands", _MAY, _check(DemandStatus.DEMANDED)),
    Action("agree", "POST", f"{_PATH}agreements", _MAY, _check(DemandStatus.AGREED)),
    Action("cancel_cover", "POST", f"{_PATH}cancellations", _MAY, _check(DemandStatus.CANCELLED)),
    Action("drop", "POST", f"{_PATH}drops", _MAY, _check(DemandStatus.DROPPED)),
)


async def _open(tx: Transaction, demand_id: UUID, version: int | None, to: DemandStatus) -> SafetyDemand:
    row = await tx.find_for_change(SafetyDemand, demand_id, version)
    rules.advance(row.state, to)
    return row


def _answer(tx: Transaction, row: SafetyDemand, order_id: UUID | None = None) -> Answer:
    state = DemandState(id=row.id, version=row.version, status=row.status)
    out = DemandFactOut(id=uuid7(), created_at=tx.now, payment_order_id=order_id, safety_demand=state)
    return tx.answer(out, location=f"/v1/safety-demands/{row.id}", version=row.version)


async def demand(
    db: Database, actor: Actor, key: RequestKey, demand_id: UUID, version: int | None, command: DemandIncrease
) -> Answer:
    """Demand a higher premium in writing. It is not imposed: it holds once it is agreed by endorsement."""
    async with db.transaction(actor, key) as tx:
        row = await _open(tx, demand_id, version, DemandStatus.DEMANDED)
        policy = await tx.find(Policy, row.policy_id)
        row.clause_id = rules.check_clause(command.clause_id, await queries.duty_clauses(tx, policy))
        row.increase_rate = rules.check_increase(command.increase_rate)
        row.demanded_at, row.decided_by, row.reason = tx.now, actor.person_id, command.reason
        await _move(tx, row, DemandStatus.DEMANDED, "demand", command.reason)
        return _answer(tx, row)


async def agree(
    db: Database, actor: Actor, key: RequestKey, demand_id: UUID, version: int | None, command: AgreeIncrease
) -> Answer:
    """The policyholder agreed: an endorsement of the policy with the higher premium is in effect."""
    async with db.transaction(actor, key) as tx:
        row = await _open(tx, demand_id, version, DemandStatus.AGREED)
        application = await tx.scalar(select(Application).where(Application.id == command.application_id))
        if application is None:
            raise ReferenceNotFound.at("#/application_id")
        same = application.policy_id == row.policy_id
        rules.refuse_unagreed(application.kind, application.status, same_policy=same)
        row.application_id = application.id
        await _move(tx, row, DemandStatus.AGREED, "agree", None)
        return _answer(tx, row)


async def cancel_cover(
    db: Database, actor: Actor, key: RequestKey, demand_id: UUID, version: int | None, command: CancelCover, state: Any
) -> Answer:
    """End the cover for a duty that was not kept, from now, the premium of the days left going back."""
    async with db.transaction(actor, key) as tx:
        row = await _open(tx, demand_id, version, DemandStatus.CANCELLED)
        policy = await tx.find(Policy, row.policy_id, lock=True)
        row.clause_id = rules.check_clause(command.clause_id, await queries.duty_clauses(tx, policy))
        rules.refuse_compulsory(compulsory=policy.compulsory, proven=command.proof is not None)
        chain.refuse_foreign(policy.policy_no, made_here=policy.made_here)
        status = PolicyStatus(policy_shapes.status_of(policy, tx.now))
        at = chain.end_at(tx.now, None, tx.now, ends_at=policy.ends_at, status=status)
        policy.version += 1
        policy.updated_at = tx.now
        ending = Ending(
            kind="cancel", status="cancelled", at=at, reason=command.reason,
            settlement=await quotes.settlement(tx, policy, at, by_insurer=True),
            due_on=await orders.refund_due_on(tx, legal_day(at)), parties=await parties(tx, policy),
            payee=command.payee, application_id=None, more={"by": "insurer", "clause_id": row.clause_id},
        )  # fmt: skip
        version_row, order = await end_policy(tx, policy, ending, state)
        row.decided_by, row.reason = actor.person_id, command.reason
        await _move(tx, row, DemandStatus.CANCELLED, "cancel_cover", command.reason)
        tx.note("cancel", policy, after={"policy_version": version_row.number, "clause_id": row.clause_id})
        return _answer(tx, row, None if order is None else order.id)


async def drop(
    db: Database, actor: Actor, key: RequestKey, demand_id: UUID, version: int | None, command: DropDemand
) -> Answer:
    """Demand nothing, with a reason."""
    async with db.transaction(actor, key) as tx:
        row = await _open(tx, demand_id, version, DemandStatus.DROPPED)
        row.decided_by, row.reason = actor.person_id, command.reason
        await _move(tx, row, DemandStatus.DROPPED, "drop", command.reason)
        return _answer(tx, row)
