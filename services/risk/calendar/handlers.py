"""Giving visits to another engineer."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.risk.calendar import rules
from services.risk.calendar.schemas import GiveItem, GivenOut, GiveVisits
from services.risk.inspection import queries
from services.risk.inspection.rules import InspectionStatus
from services.risk.inspection.tables import Inspection
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import Text
from shared.idempotency import RequestKey
from shared.work_items import close_items, open_item


async def give(db: Database, actor: Actor, key: RequestKey, item: GiveItem, batch: GiveVisits) -> GivenOut:
    """Give one visit to the engineer named, in a transaction of its own; who had it loses access with the task."""
    async with db.transaction(actor, replace(key, key=None)) as tx:
        inspection = await tx.find_for_change(Inspection, item.inspection_id, item.version)
        rules.may_give(inspection.state, inspection.inspector_person_id, batch.to_person_id)
        engineer = await queries.engineer(tx, batch.to_person_id, "#/to_person_id")
        queries.refuse_inspector(batch.to_person_id, engineer["path"], await queries.facts_of(tx, inspection))
        before = inspection.inspector_person_id
        inspection.inspector_person_id = batch.to_person_id
        await _hand_over(tx, inspection, batch.to_person_id, engineer["unit_code"])
        told = {"inspector_person_id": str(batch.to_person_id)}
        tx.note(
            "reassign", inspection, before={"inspector_person_id": before and str(before)}, after=told,
            reason=batch.reason,
        )  # fmt: skip
        return GivenOut(
            inspection_id=inspection.id, version=inspection.version, status=inspection.status,
            inspector_person_id=batch.to_person_id,
        )  # fmt: skip


async def _hand_over(tx: Transaction, inspection: Inspection, person_id: UUID, unit_code: str) -> None:
    """The task goes with the visit: to go where a day is agreed on, else to agree on one."""
    await close_items(tx, inspection.id)
    agreed = inspection.state is InspectionStatus.SCHEDULED
    kind = "report_inspection" if agreed else "inspect"
    title = (
        Text("到现场检查并提交报告", "Visit the place and report")
        if agreed
        else Text("安排并完成安全检查", "Schedule and carry out the inspection")
    )
    await open_item(
        tx, kind, inspection, title, number=inspection.inspection_no, unit_code=unit_code, person_id=person_id,
        due_at=inspection.scheduled_at, priority="high" if inspection.state is InspectionStatus.OVERDUE else "normal",
        href=f"/v1/inspections/{inspection.id}/{'reports' if agreed else 'schedules'}",
    )  # fmt: skip
