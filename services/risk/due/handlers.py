"""Due days of visits, told exactly once each: before the day, on it, and when it has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy import text as sql

from services.risk import events
from services.risk.exposure import queries as exposure
from services.risk.inspection import rules
from services.risk.inspection.rules import InspectionStatus, Stage
from services.risk.inspection.tables import Inspection
from services.risk.plan.queries import WAITING
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import open_item, work_items

RULE = "inspection_due"
# Written out, not bound: only so does the planner see that the index of visits not yet told serves.
_UNTOLD = sql(
    "inspections.status in ('planned', 'due', 'scheduled', 'overdue')"
    " and (inspections.stage is null or inspections.stage <> 'overdue')"
)


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
    statement = select(Inspection.id).where(_UNTOLD, Inspection.due_on <= soon, untold)
    return await tx.scalars(statement.order_by(Inspection.due_on, Inspection.id).limit(limit))


async def _tell_due(tx: Transaction, inspection_id: UUID) -> None:
    """Tell every stage that has begun, each once, with the day it was due: also after days of standstill.

    A visit that another scheduler has in hand is left to it; should that one die, the next pass finds it again.
    """
    mine = select(Inspection).where(Inspection.id == inspection_id).with_for_update(skip_locked=True)
    inspection = await tx.scalar(mine)
    if inspection is None or inspection.status not in WAITING:
        return
    figures = await exposure.thresholds(tx, "inspection")
    told, before = False, inspection.status
    for stage in rules.stages_reached(inspection.due_on, legal_day(tx.now), figures["due_notice_days"]):
        inspection.stage = str(stage)
        if await claim(tx, RULE, inspection.id, inspection.due_on, str(stage)):
            told = True
            _announce(tx, inspection)
        _age(inspection, stage)
    if inspection.status != before:
        inspection.version += 1
        inspection.updated_at = tx.now
    if told:
        await _remind(tx, inspection)
        tx.note("due", inspection, after={"stage": inspection.stage, "status": inspection.status})


def _announce(tx: Transaction, inspection: Inspection) -> None:
    tx.publish(
        events.InspectionDue(
            inspection_id=inspection.id, policy_id=inspection.policy_id, customer_id=inspection.customer_id,
            due_on=inspection.due_on, stage=inspection.stage or "",
        ),
        inspection,
    )  # fmt: skip


def _age(inspection: Inspection, stage: Stage) -> None:
    if stage is Stage.OVERDUE and inspection.state is not InspectionStatus.OVERDUE:
        inspection.advance(InspectionStatus.OVERDUE)
    elif stage is Stage.T_0 and inspection.state is InspectionStatus.PLANNED:
        inspection.advance(InspectionStatus.DUE)


async def _remind(tx: Transaction, inspection: Inspection) -> None:
    """The unit's work: to agree on the visit; once it is overdue, before all other work."""
    if inspection.state is InspectionStatus.SCHEDULED:
        return
    overdue = inspection.state is InspectionStatus.OVERDUE
    await open_item(
        tx, "inspect", inspection, Text("安排并完成安全检查", "Schedule and carry out the inspection"),
        number=inspection.inspection_no, unit_code=inspection.unit_code, position="risk_engineer",
        due_at=at_midnight(inspection.due_on + timedelta(days=1)), basis="DL-LP-1",
        priority="high" if overdue else "normal", href=f"/v1/inspections/{inspection.id}/schedules",
    )  # fmt: skip
    if overdue:
        items = work_items.c
        mine = (items.record_id == inspection.id, items.closed_at.is_(None))
        await tx.execute(update(work_items).where(*mine).values(priority="high"))


DUE = Tick(RULE, timedelta(seconds=20), one_by_one(_due, _tell_due))
