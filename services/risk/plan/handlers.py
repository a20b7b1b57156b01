"""Plans that follow policies, visits after grave accidents, and the due days that are told exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from services.risk import events
from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import ClaimSeen, PolicySeen
from services.risk.inspection import rules
from services.risk.inspection.rules import InspectionKind, InspectionStatus, Stage
from services.risk.inspection.tables import Inspection, InspectionPlan
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.ids import uuid7
from shared.numbers import branch_of, next_case_number
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item

RULE = "inspection_due"
NOT_BEGUN = (InspectionStatus.PLANNED, InspectionStatus.DUE, InspectionStatus.SCHEDULED, InspectionStatus.OVERDUE)
_WAITING = tuple(str(one) for one in NOT_BEGUN)


async def plan_for(tx: Transaction, policy: PolicySeen) -> None:
    """Make the plan of a policy say what its newest version asks for; visits that have begun stay as they are."""
    figures = await exposure.thresholds(tx, "inspection")
    plan = await tx.scalar(select(InspectionPlan).where(InspectionPlan.policy_id == policy.policy_id).with_for_update())
    if plan is not None and plan.policy_version >= policy.policy_version:
        return
    today = legal_day(tx.now)
    dates = rules.plan(
        legal_day(policy.starts_at), legal_day(policy.ends_at), policy.risk_level, figures["cycle_months"], today,
        ended_on=None if policy.ended_at is None else legal_day(policy.ended_at),
    )  # fmt: skip
    told = [one.isoformat() for one in dates]
    if plan is not None and (plan.due_dates, plan.risk_level) == (told, policy.risk_level):
        plan.policy_version = policy.policy_version
        return
    new = plan is None
    plan = await _write_plan(tx, plan, policy, figures["cycle_months"][policy.risk_level], told)
    held = set[date]() if new else await _kept(tx, plan, dates)
    for day in dates:
        if day not in held:
            await _open(tx, policy, day, InspectionKind.PERIODIC, plan_id=plan.id)


async def _kept(tx: Transaction, plan: InspectionPlan, dates: Sequence[date]) -> set[date]:
    """Cancel the visits of a plan on other days; the days that have one."""
    await _cancel(tx, Inspection.plan_id == plan.id, keep=set(dates))
    standing = select(Inspection.due_on).where(Inspection.plan_id == plan.id, Inspection.status != "cancelled")
    return set(await tx.scalars(standing))


async def _write_plan(
    tx: Transaction, plan: InspectionPlan | None, policy: PolicySeen, cycle: int, dates: list[str]
) -> InspectionPlan:
    if plan is None:
        plan = InspectionPlan(id=uuid7(), version=0, org_path=policy.path, policy_id=policy.policy_id, status="planned")
        tx.add(plan)
    plan.version += 1
    plan.updated_at = tx.now
    plan.policy_no, plan.policy_version, plan.customer_id = policy.policy_no, policy.policy_version, policy.customer_id
    plan.unit_code, plan.risk_level, plan.cycle_months, plan.due_dates = (
        policy.unit_code, policy.risk_level, cycle, dates,
    )  # fmt: skip
    await tx.flush()
    tx.note("plan", plan, after={"risk_level": plan.risk_level, "due_dates": dates})
    return plan


async def _open(
    tx: Transaction, policy: PolicySeen, due_on: date, kind: InspectionKind, *, plan_id: UUID | None = None,
    claim_id: UUID | None = None,
) -> Inspection:  # fmt: skip
    inspection = Inspection(
        id=uuid7(), version=1, org_path=policy.path, inspection_no="", kind=str(kind), plan_id=plan_id,
        status=str(InspectionStatus.PLANNED), policy_id=policy.policy_id, policy_no=policy.policy_no,
        customer_id=policy.customer_id, claim_id=claim_id, unit_code=policy.unit_code, due_on=due_on,
        sections={}, participants=[], warnings=[], feedback={},
    )  # fmt: skip
    inspection.inspection_no = await next_case_number(tx, "I", branch_of(policy.path))
    tx.add(inspection)
    await tx.flush()
    tx.note("open", inspection, after={"kind": inspection.kind, "due_on": str(due_on)})
    return inspection


async def _cancel(tx: Transaction, of: Any, *, keep: set[date]) -> None:
    """Cancel visits that have not begun and are no longer asked for."""
    statement = select(Inspection).where(of, Inspection.status.in_(_WAITING)).order_by(Inspection.id).with_for_update()
    for one in await tx.scalars(statement):
        if one.due_on not in keep:
            before = one.status
            one.advance(InspectionStatus.CANCELLED)
            one.version += 1
            one.updated_at = tx.now
            await close_items(tx, one.id)
            tx.note("cancel", one, before={"status": before}, after={"status": one.status})


async def end_plan(tx: Transaction, policy_id: UUID, on: date) -> None:
    """Cover ended: nothing is visited any more after that day."""
    plan = await tx.scalar(select(InspectionPlan).where(InspectionPlan.policy_id == policy_id).with_for_update())
    if plan is not None and plan.status != "ended":
        plan.status = "ended"
        plan.version += 1
        plan.updated_at = tx.now
        tx.note("end", plan, after={"ended_on": str(on)})
    kept = select(Inspection.due_on).where(Inspection.policy_id == policy_id, Inspection.due_on < on)
    await _cancel(tx, Inspection.policy_id == policy_id, keep=set(await tx.scalars(kept)))


async def after_accident(tx: Transaction, seen: ClaimSeen) -> None:
    """A visit within the notice days after an accident with a death or several injured, once for each claim."""
    figures = await exposure.thresholds(tx, "inspection")
    limits = figures["ad_hoc"]
    policy = await exposure.policy(tx, seen.policy_id)
    grave = rules.needs_ad_hoc(
        seen.death_count or 0, seen.injured_count or 0, death_threshold=limits["deaths"],
        injured_threshold=limits["injured"],
    )  # fmt: skip
    held = await tx.scalar(
        select(Inspection.id).where(Inspection.claim_id == seen.claim_id, Inspection.status != "cancelled")
    )
    if not grave or policy is None or seen.cancelled or held is not None:
        return
    due_on = legal_day(tx.now) + timedelta(days=figures["due_notice_days"])
    await _open(tx, policy, due_on, InspectionKind.AD_HOC, claim_id=seen.claim_id)


async def claim_withdrawn(tx: Transaction, claim_id: UUID) -> None:
    """The report was taken back: the visit it caused is not made, unless it has begun."""
    await _cancel(tx, Inspection.claim_id == claim_id, keep=set())


async def _due(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Visits with a stage that has begun and was not told yet, the earliest due day first."""
    figures = await exposure.thresholds(tx, "inspection")
    today = legal_day(tx.now)
    soon = today + timedelta(days=figures["due_notice_days"])
    untold = or_(
        Inspection.stage.is_(None),
        (Inspection.stage == str(Stage.T_15)) & (Inspection.due_on <= today),
        (Inspection.stage == str(Stage.T_0)) & (Inspection.due_on < today),
    )
    statement = select(Inspection.id).where(Inspection.status.in_(_WAITING), Inspection.due_on <= soon, untold)
    return await tx.scalars(statement.order_by(Inspection.due_on, Inspection.id).limit(limit))


async def _tell_due(tx: Transaction, inspection_id: UUID) -> None:
    """Tell every stage that has begun, each once, with the day it was due: also after days of standstill."""
    inspection = await tx.scalar(select(Inspection).where(Inspection.id == inspection_id).with_for_update())
    if inspection is None or inspection.status not in _WAITING:
        return
    figures = await exposure.thresholds(tx, "inspection")
    for stage in rules.stages_reached(inspection.due_on, legal_day(tx.now), figures["due_notice_days"]):
        if not await claim(tx, RULE, inspection.id, inspection.due_on, str(stage)):
            continue
        inspection.stage = str(stage)
        tx.publish(
            events.InspectionDue(
                inspection_id=inspection.id, policy_id=inspection.policy_id, customer_id=inspection.customer_id,
                due_on=inspection.due_on, stage=str(stage),
            ),
            inspection,
        )  # fmt: skip
        _age(inspection, stage)
    await _remind(tx, inspection)
    tx.note("due", inspection, after={"stage": inspection.stage, "status": inspection.status})


def _age(inspection: Inspection, stage: Stage) -> None:
    if stage is Stage.OVERDUE and inspection.state is not InspectionStatus.OVERDUE:
        inspection.advance(InspectionStatus.OVERDUE)
    elif stage is Stage.T_0 and inspection.state is InspectionStatus.PLANNED:
        inspection.advance(InspectionStatus.DUE)


async def _remind(tx: Transaction, inspection: Inspection) -> None:
    overdue = inspection.state is InspectionStatus.OVERDUE
    await open_item(
        tx, "inspect", inspection, Text("安排并完成安全检查", "Schedule and carry out the inspection"),
        number=inspection.inspection_no, unit_code=inspection.unit_code, position="risk_engineer",
        due_at=at_midnight(inspection.due_on + timedelta(days=1)), basis="DL-LP-1",
        priority="high" if overdue else "normal", href=f"/v1/inspections/{inspection.id}/schedules",
    )  # fmt: skip


DUE = Tick(RULE, timedelta(seconds=20), one_by_one(_due, _tell_due))
