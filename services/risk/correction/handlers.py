"""Findings become tasks with the plan of the policy they are about, whichever was heard of first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.risk.correction import rules
from services.risk.correction.schemas import Correct, CorrectionOut, PlanState
from services.risk.correction.tables import FindingSeen
from services.risk.inspection.tables import InspectionPlan
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

_ITEM = "correct_finding"


async def hear_finding(
    tx: Transaction, finding_id: UUID, about_kind: str, about: UUID, severity: str, at: datetime
) -> None:
    """Keep the finding; if the plan of its policy is known, somebody has to put it right."""
    row = {
        "finding_id": finding_id, "about_kind": about_kind, "about": about, "severity": severity, "raised_at": at,
    }  # fmt: skip
    await tx.execute(insert(FindingSeen).values(**row).on_conflict_do_nothing())
    await give_to_plan(tx, about)


async def give_to_plan(tx: Transaction, policy_id: UUID) -> None:
    """Open the tasks of findings that waited for the policy's plan."""
    plan = await tx.scalar(select(InspectionPlan).where(InspectionPlan.policy_id == policy_id))
    if plan is None:
        return
    waiting = select(FindingSeen).where(FindingSeen.about == policy_id, FindingSeen.plan_id.is_(None))
    for one in await tx.scalars(waiting.order_by(FindingSeen.finding_id).with_for_update()):
        one.plan_id = plan.id
        await _ask(tx, plan, one)


async def _ask(tx: Transaction, plan: InspectionPlan, finding: FindingSeen) -> None:
    await open_item(
        tx, _ITEM, plan, Text("整改回访发现的问题", "Put right what the return visit found"), number=plan.policy_no,
        unit_code=plan.unit_code, position="risk_engineer", href=f"/v1/inspection-plans/{plan.id}/corrections",
        priority="high" if finding.severity in rules.GRAVE else "normal",
    )  # fmt: skip


async def correct(
    db: Database, actor: Actor, key: RequestKey, plan_id: UUID, version: int | None, command: Correct
) -> Answer:
    """Write down what was done about a finding; its task ends with the last finding of the plan."""
    async with db.transaction(actor, key) as tx:
        plan = await tx.find_for_change(InspectionPlan, plan_id, version)
        mine = select(FindingSeen).where(FindingSeen.plan_id == plan.id, FindingSeen.finding_id == command.finding_id)
        finding = await tx.scalar(mine.with_for_update())
        if finding is None:
            raise ReferenceNotFound.at("#/finding_id")
        rules.refuse_corrected(finding.corrected_at)
        finding.corrected_at, finding.measures, finding.person_id = tx.now, command.measures, actor.person_id
        await tx.flush()
        left = select(FindingSeen).where(FindingSeen.plan_id == plan.id, FindingSeen.corrected_at.is_(None)).limit(1)
        if await tx.scalar(left) is None:
            await close_items(tx, plan.id, _ITEM)
        tx.note("correct", plan, after={"finding_id": command.finding_id})
        state = PlanState(id=plan.id, version=plan.version, status=plan.status)
        out = CorrectionOut(
            id=uuid7(), created_at=tx.now, finding_id=command.finding_id, measures=command.measures,
            inspection_plan=state,
        )  # fmt: skip
        return tx.answer(out, location=f"/v1/inspection-plans/{plan.id}", version=plan.version)
