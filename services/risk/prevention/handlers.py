"""Prevention plans follow their policies; engineers write them, customers confirm them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import PolicySeen
from services.risk.inspection.queries import refuse_foreign_files
from services.risk.prevention import rules
from services.risk.prevention.queries import prevention_of
from services.risk.prevention.rules import PreventionStatus
from services.risk.prevention.schemas import (
    ConfirmPrevention,
    PreventionFactOut,
    PreventionState,
    WriteItems,
)
from services.risk.prevention.shapes import bare
from services.risk.prevention.tables import PreventionPlan
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item


async def prevention_for(tx: Transaction, policy: PolicySeen) -> None:
    """Open, bring up to date or end the prevention plan of a policy, as its newest version asks."""
    figures = await exposure.thresholds(tx, "inspection")
    plan = await prevention_of(tx, policy.policy_id)
    wanted = policy.product in figures["prevention_products"]
    if plan is None and not wanted:
        return
    facts = _facts(policy)
    if plan is None:
        plan = PreventionPlan(id=uuid7(), version=0, policy_id=policy.policy_id, status="draft", items=[], **facts)
        tx.add(plan)
        because: list[str] = []
    else:
        because = rules.changed({name: getattr(plan, name) for name in rules.MATERIAL}, facts)
    before = None if plan.version == 0 else plan.status
    after = _status(plan.status, alive=wanted and policy.ended_at is None, changed=bool(because))
    if before == after and all(getattr(plan, name) == value for name, value in facts.items()):
        return
    if before == PreventionStatus.CONFIRMED and after == PreventionStatus.DRAFT:
        plan.revised_because, plan.confirmed_at, plan.confirmation = because, None, None
    for name, value in facts.items():
        setattr(plan, name, value)
    plan.status, plan.version, plan.updated_at = after, plan.version + 1, tx.now
    await tx.flush()
    told = {"status": after, "changed": because}
    tx.note("plan", plan, before=None if before is None else {"status": before}, after=told)
    await _work(tx, plan)


def _facts(policy: PolicySeen) -> dict[str, Any]:
    return {
        "policy_no": policy.policy_no, "policy_version": policy.policy_version, "customer_id": policy.customer_id,
        "org_path": policy.path, "unit_code": policy.unit_code, "product": policy.product,
        "risk_level": policy.risk_level, "insured_count": policy.insured_count,
        "starts_on": legal_day(policy.starts_at), "ends_on": legal_day(policy.ends_at),
    }  # fmt: skip


def _status(before: str, *, alive: bool, changed: bool) -> str:
    if not alive:
        return str(PreventionStatus.ENDED)
    keeps = before == PreventionStatus.CONFIRMED and not changed
    return str(PreventionStatus.CONFIRMED if keeps else PreventionStatus.DRAFT)


async def _work(tx: Transaction, plan: PreventionPlan) -> None:
    """A draft is work of the unit until the customer has confirmed it."""
    if plan.status != PreventionStatus.DRAFT:
        await close_items(tx, plan.id)
        return
    await open_item(
        tx, "prevention_plan", plan, Text("编制事故预防计划并由客户确认", "Have a prevention plan confirmed"),
        number=plan.policy_no, unit_code=plan.unit_code, position="risk_engineer",
        due_at=at_midnight(max(plan.starts_on, legal_day(tx.now)) + timedelta(days=30)),
        href=f"/v1/prevention-plans/{plan.id}/items", method="PUT",
    )  # fmt: skip


async def write_items(
    db: Database, actor: Actor, key: RequestKey, plan_id: UUID, version: int | None, command: WriteItems
) -> Answer:
    """Replace the items; what the customer had confirmed becomes a draft that he is to confirm again."""
    async with db.transaction(actor, key) as tx:
        plan = await tx.find_for_change(PreventionPlan, plan_id, version)
        rules.may_write(plan.status)
        rules.check_items([one.first_on for one in command.items], plan.starts_on, plan.ends_on)
        before = {"status": plan.status, "items": len(plan.items)}
        plan.items = [one.model_dump(mode="json", exclude_none=True) for one in command.items]
        if plan.status == PreventionStatus.CONFIRMED:
            plan.status, plan.confirmed_at, plan.confirmation = str(PreventionStatus.DRAFT), None, None
        after = {"status": plan.status, "items": len(plan.items)}
        tx.note("write_items", plan, before=before, after=after, reason=command.reason)
        await _work(tx, plan)
        await tx.flush()
        return tx.answer(bare(plan), status=200, version=plan.version)


async def confirm(
    db: Database, actor: Actor, key: RequestKey, plan_id: UUID, version: int | None, command: ConfirmPrevention
) -> Answer:
    """Record that the customer agreed to the plan, in writing."""
    async with db.transaction(actor, key) as tx:
        plan = await tx.find_for_change(PreventionPlan, plan_id, version)
        rules.may_confirm(plan.status, plan.items)
        rules.refuse_future(command.confirmed_at, tx.now, "#/confirmed_at")
        await refuse_foreign_files(
            tx, plan, [command.attachment_id] if command.attachment_id else [], "#/attachment_id"
        )
        plan.status, plan.confirmed_at, plan.revised_because = "confirmed", command.confirmed_at, []
        plan.confirmation = command.model_dump(mode="json", exclude={"confirmed_at"}, exclude_none=True)
        await close_items(tx, plan.id)
        tx.note("confirm", plan, before={"status": "draft"}, after={"status": plan.status, "method": command.method})
        out = PreventionFactOut(
            id=uuid7(), created_at=tx.now, method=command.method, confirmed_at=command.confirmed_at,
            prevention_plan=PreventionState(id=plan.id, version=plan.version, status=plan.status),
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/prevention-plans/{plan.id}", version=plan.version)
