"""Visits outside the plan, agreements, reports, feedback, closing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.risk import events
from services.risk.exposure import queries as exposure
from services.risk.inspection import queries, rules
from services.risk.inspection.rules import InspectionStatus
from services.risk.inspection.schemas import (
    Feedback,
    InspectionFactOut,
    OpenInspection,
    PlanFactOut,
    RecordState,
    Report,
    Schedule,
)
from services.risk.inspection.tables import Inspection, InspectionPlan
from shared import directory
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import branch_of, next_case_number
from shared.work_items import close_items, open_item


def _answer(tx: Transaction, inspection: Inspection, kind: str, told: dict[str, Any]) -> Answer:
    state = RecordState(id=inspection.id, version=inspection.version, status=inspection.status)
    out = InspectionFactOut(id=uuid7(), created_at=tx.now, kind=kind, told=told, inspection=state)
    return tx.answer(out, location=f"/v1/inspections/{inspection.id}", version=inspection.version)


async def open_inspection(db: Database, actor: Actor, key: RequestKey, command: OpenInspection) -> Answer:
    """Open a visit outside the plan, for a policy in the caller's scope."""
    async with db.transaction(actor, key) as tx:
        policy = await exposure.policy_of_number(tx, command.policy_no)
        if policy is None or not (policy.path == actor.scope or policy.path.startswith(f"{actor.scope}.")):
            raise ReferenceNotFound.at("#/policy_no")
        inspection = Inspection(
            id=uuid7(), version=1, org_path=policy.path, kind=command.kind, status=str(InspectionStatus.PLANNED),
            policy_id=policy.policy_id, policy_no=policy.policy_no, customer_id=policy.customer_id,
            unit_code=policy.unit_code, due_on=command.due_on, sections={}, participants=[], warnings=[], feedback={},
            inspection_no=await next_case_number(tx, "I", branch_of(policy.path)),
        )  # fmt: skip
        tx.add(inspection)
        await tx.flush()
        tx.note("open", inspection, after={"kind": command.kind, "due_on": str(command.due_on)}, reason=command.reason)
        return _answer(tx, inspection, "open", {"inspection_no": inspection.inspection_no})


async def schedule(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: Schedule
) -> Answer:
    """Agree on the visit and name who goes; that person gets the task, and with it access to this visit."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        facts = await queries.facts_of(tx, inspection)
        held = await directory.appointments(tx, person_id=command.inspector_person_id)
        engineer = next((one for one in held if one["position"] == "risk_engineer"), None)
        if engineer is None:
            raise ReferenceNotFound.at("#/inspector_person_id")
        queries.refuse_inspector(command.inspector_person_id, engineer["path"], facts)
        before = inspection.status
        inspection.advance(InspectionStatus.SCHEDULED)
        inspection.scheduled_at, inspection.inspector_person_id = command.scheduled_at, command.inspector_person_id
        await close_items(tx, inspection.id)
        await open_item(
            tx, "report_inspection", inspection, Text("到现场检查并提交报告", "Visit the place and report"),
            number=inspection.inspection_no, unit_code=engineer["unit_code"], person_id=command.inspector_person_id,
            due_at=command.scheduled_at, href=f"/v1/inspections/{inspection.id}/reports",
        )  # fmt: skip
        told = {"confirmed_by_customer": command.confirmed_by_customer}
        tx.note("schedule", inspection, before={"status": before}, after={"status": inspection.status, **told})
        return _answer(tx, inspection, "schedule", told)


async def report(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: Report
) -> Answer:
    """Report the visit with all its sections; what contradicts the claims is told and has to be explained."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        queries.may_report(actor, await queries.facts_of(tx, inspection))
        before = inspection.status
        if inspection.state is not InspectionStatus.IN_PROGRESS:
            inspection.advance(InspectionStatus.IN_PROGRESS)
        figures = await exposure.thresholds(tx, "inspection")
        claims = [one.loss_on for one in await queries.claims_of(tx, inspection) if one.loss_on is not None]
        warnings = rules.check_report(
            {name: _entry(one) for name, one in command.sections.items()}, inspected_at=command.inspected_at,
            now=tx.now, claims_on=claims, history_months=figures["accident_history_months"], jointly=command.jointly,
            participants=command.participants,
        )  # fmt: skip
        inspection.advance(InspectionStatus.REPORTED)
        inspection.inspected_at, inspection.reported_at = command.inspected_at, tx.now
        inspection.risk_level, inspection.participants = command.risk_level, command.participants
        inspection.inspector_person_id = inspection.inspector_person_id or actor.person_id
        inspection.sections = {name: one.model_dump(mode="json") for name, one in command.sections.items()}
        inspection.warnings = [str(one) for one in warnings]
        await close_items(tx, inspection.id)
        tx.note("report", inspection, before={"status": before}, after={"status": inspection.status})
        await _announce(tx, inspection)
        return _answer(tx, inspection, "report", {"warnings": inspection.warnings})


def _entry(one: Any) -> rules.SectionEntry:
    return rules.SectionEntry(one.text, one.counts, one.none_found, one.explanation)


async def _announce(tx: Transaction, inspection: Inspection) -> None:
    counts, worst = await queries.hazards_of(tx, inspection.id)
    tx.publish(
        events.InspectionCompleted(
            inspection_id=inspection.id, policy_id=inspection.policy_id, customer_id=inspection.customer_id,
            risk_level=inspection.risk_level or "medium", hazards=counts, probable_maximum_loss=worst,
        ),
        inspection,
    )  # fmt: skip


async def give_feedback(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: Feedback
) -> Answer:
    """Record what leader or safety head says; with both on record the visit is closed."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        rules.refuse_empty_feedback(command.text, command.declined_reason)
        rules.advance(inspection.state, InspectionStatus.CLOSED)
        said = {"text": command.text} if command.text else {"declined": command.declined_reason}
        inspection.feedback = {**inspection.feedback, command.role: said}
        before = inspection.status
        given = [rules.FeedbackRole(role) for role, one in inspection.feedback.items() if one.get("text")]
        declined = {rules.FeedbackRole(role): one.get("declined", "") for role, one in inspection.feedback.items()}
        if len(inspection.feedback) == len(rules.FeedbackRole):
            inspection.status = str(rules.close(inspection.state, given, declined))
            inspection.closed_at = tx.now
        tx.note("give_feedback", inspection, before={"status": before}, after={"status": inspection.status})
        return _answer(tx, inspection, "give_feedback", {"role": command.role})


async def confirm_plan(db: Database, actor: Actor, key: RequestKey, plan_id: UUID, version: int | None) -> Answer:
    """Record that the customer agreed to the plan."""
    async with db.transaction(actor, key) as tx:
        plan = await tx.find_for_change(InspectionPlan, plan_id, version)
        rules.refuse_confirmed(plan.status)
        plan.status, plan.confirmed_at = "confirmed", tx.now
        tx.note("confirm", plan, before={"status": "planned"}, after={"status": plan.status})
        state = RecordState(id=plan.id, version=plan.version, status=plan.status)
        out = PlanFactOut(id=uuid7(), created_at=tx.now, inspection_plan=state)
        return tx.answer(out, location=f"/v1/inspection-plans/{plan.id}", version=plan.version)


async def send_another(tx: Transaction, inspection_id: UUID, inspector_id: UUID) -> None:
    """The work was given to another engineer: from now on he is the one who goes."""
    inspection = await tx.find_for_change(Inspection, inspection_id, None)
    inspection.inspector_person_id = inspector_id
