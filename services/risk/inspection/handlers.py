"""Visits outside the plan, agreements on visits, what the customer confirms, reports, feedback, closing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.risk.checklist import queries as checklists
from services.risk.checklist.rules import GENERAL
from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import Site
from services.risk.inspection import queries, rules
from services.risk.inspection.rules import InspectionStatus
from services.risk.inspection.schemas import (
    ConfirmVisit,
    Feedback,
    InspectionFactOut,
    OpenInspection,
    PlanFactOut,
    RecordState,
    Report,
    Schedule,
)
from services.risk.inspection.tables import Inspection, InspectionPlan
from shared.actor import Actor
from shared.clock import legal_day, rfc3339
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import branch_of, next_case_number
from shared.work_items import close_items, open_item


def answered(tx: Transaction, inspection: Inspection, kind: str, told: dict[str, Any]) -> Answer:
    """The answer of an act on a visit."""
    state = RecordState(id=inspection.id, version=inspection.version, status=inspection.status)
    out = InspectionFactOut(id=uuid7(), created_at=tx.now, kind=kind, told=told, inspection=state)
    return tx.answer(out, location=f"/v1/inspections/{inspection.id}", version=inspection.version)


async def open_inspection(db: Database, actor: Actor, key: RequestKey, command: OpenInspection) -> Answer:
    """Open a visit outside the plan: of a policy or site in the caller's scope, or of a place before the contract."""
    async with db.transaction(actor, key) as tx:
        rules.refuse_past(command.due_on < legal_day(tx.now))
        about = await _about(tx, actor, command)
        inspection = Inspection(
            id=uuid7(), version=1, kind=command.kind, status=str(InspectionStatus.PLANNED), due_on=command.due_on,
            reasons=[command.reason], sections={}, participants=[], warnings=[], feedback={},
            inspection_no=await next_case_number(tx, "I", branch_of(about["org_path"])), **about,
        )  # fmt: skip
        tx.add(inspection)
        await tx.flush()
        tx.note("open", inspection, after={"kind": command.kind, "due_on": str(command.due_on)}, reason=command.reason)
        return answered(tx, inspection, "open", {"inspection_no": inspection.inspection_no})


async def _about(tx: Transaction, actor: Actor, command: OpenInspection) -> dict[str, Any]:
    """Whose place is visited, and where the visit lies. Refuses a place nobody knows (422) and ended cover (409)."""
    site, policy = await _site(tx, command.site_id), None
    number = command.policy_no or (site.policy_no if site is not None else None)
    if number is not None:
        policy = await exposure.policy_in_scope(tx, actor, number)
        rules.refuse_ended(min(policy.ended_at or policy.ends_at, policy.ends_at) <= tx.now)
    rules.refuse_no_place(command.kind, policy or site, command.customer_id, command.place)
    about: dict[str, Any] = {
        "application_id": command.application_id, "site_id": command.site_id,
        "place": command.place and command.place.model_dump(exclude_none=True),
    }  # fmt: skip
    if policy is not None:
        return about | {
            "policy_id": policy.policy_id, "policy_no": policy.policy_no, "customer_id": policy.customer_id,
            "org_path": policy.path, "unit_code": policy.unit_code,
        }  # fmt: skip
    lies: Any = site or actor
    path = site.org_path if site is not None else actor.scope
    customer = site.customer_id if site is not None else command.customer_id
    return about | {"customer_id": customer, "org_path": path, "unit_code": lies.unit_code}


async def _site(tx: Transaction, site_id: UUID | None) -> Site | None:
    try:
        return None if site_id is None else await tx.find(Site, site_id)
    except NotFound:
        raise ReferenceNotFound.at("#/site_id") from None


async def schedule(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: Schedule
) -> Answer:
    """Agree on the visit, or on another day for it, and name who goes; that person gets the task, and with it access
    to this visit."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        facts = await queries.facts_of(tx, inspection)
        rules.may_schedule(inspection.state, command.reason)
        positions = queries.inspectors(inspection.kind)
        engineer = await queries.engineer(tx, command.inspector_person_id, "#/inspector_person_id", positions)
        queries.refuse_inspector(command.inspector_person_id, engineer["path"], facts)
        before = inspection.status
        inspection.status = str(InspectionStatus.SCHEDULED)
        inspection.scheduled_at, inspection.inspector_person_id = command.scheduled_at, command.inspector_person_id
        inspection.confirmed_at = tx.now if command.confirmed_by_customer else None
        inspection.confirmation = None
        await _choose_checklist(tx, inspection, command.scheduled_at)
        await close_items(tx, inspection.id)
        await _ask_to_go(tx, inspection, engineer["unit_code"])
        told = {"confirmed_by_customer": command.confirmed_by_customer}
        after = {"status": inspection.status, "scheduled_at": rfc3339(command.scheduled_at), **told}
        tx.note("schedule", inspection, before={"status": before}, after=after, reason=command.reason)
        return answered(tx, inspection, "schedule", told)


async def _choose_checklist(tx: Transaction, inspection: Inspection, at: datetime) -> None:
    """The list in force on the day agreed for the industry of the place; what was begun keeps its own."""
    site = None if inspection.site_id is None else await tx.session.get(Site, inspection.site_id)
    industry = site.industry if site is not None else (inspection.place or {}).get("industry", GENERAL)
    if not inspection.sections:
        found = await checklists.in_force(tx, inspection.org_path, industry, legal_day(at))
        inspection.checklist_id = None if found is None else found.id


async def _ask_to_go(tx: Transaction, inspection: Inspection, unit_code: str) -> None:
    await open_item(
        tx, "report_inspection", inspection, Text("到现场检查并提交报告", "Visit the place and report"),
        number=inspection.inspection_no, unit_code=unit_code, person_id=inspection.inspector_person_id,
        due_at=inspection.scheduled_at, href=f"/v1/inspections/{inspection.id}/reports",
    )  # fmt: skip


async def confirm_visit(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: ConfirmVisit
) -> Answer:
    """Record that the customer confirmed the day agreed."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        rules.may_confirm(inspection.state, inspection.confirmed_at)
        rules.refuse_future(command.confirmed_at, tx.now, "#/confirmed_at")
        told = command.model_dump(mode="json", exclude={"confirmed_at"})
        inspection.confirmed_at, inspection.confirmation = command.confirmed_at, told
        tx.note("confirm", inspection, after={"confirmed_at": rfc3339(command.confirmed_at), **told})
        return answered(tx, inspection, "confirm", told)


async def report(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: Report
) -> Answer:
    """Report the visit with all its sections, those sent before among them; what contradicts the claims is told and
    has to be explained."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        queries.may_report(actor, await queries.facts_of(tx, inspection))
        before = inspection.status
        if inspection.state is not InspectionStatus.IN_PROGRESS:
            inspection.advance(InspectionStatus.IN_PROGRESS)
        sent = {name: one.model_dump(mode="json", exclude_none=True) for name, one in command.sections.items()}
        sections = {name: one["content"] for name, one in queries.parts_of(inspection).items()} | sent
        await queries.refuse_unknown_photos(tx, inspection, sections)
        warnings = await _checked(tx, inspection, sections, command)
        inspection.advance(InspectionStatus.REPORTED)
        inspection.inspected_at, inspection.reported_at = command.inspected_at, tx.now
        inspection.risk_level, inspection.participants = command.risk_level, command.participants
        inspection.jointly, inspection.explanation = command.jointly, sections["accident_history"].get("explanation")
        inspection.inspector_person_id = inspection.inspector_person_id or actor.person_id
        inspection.sections, inspection.warnings = sections, warnings
        await close_items(tx, inspection.id)
        after = {"status": inspection.status, "score": inspection.score and str(inspection.score)}
        tx.note("report", inspection, before={"status": before}, after=after)
        return answered(tx, inspection, "report", {"warnings": warnings, **queries.points_of(inspection)})


async def _checked(
    tx: Transaction, inspection: Inspection, sections: dict[str, dict[str, Any]], command: Report
) -> list[str]:
    """The warnings of the report, whose points are kept. Raises what `rules.check_report` raises."""
    figures = await exposure.thresholds(tx, "inspection")
    claims = [one.loss_on for one in await queries.claims_of(tx, inspection) if one.loss_on is not None]
    items = await queries.items_of(tx, inspection)
    entries = {name: queries.entry_of(one) for name, one in sections.items()}
    warnings = rules.check_report(
        entries, inspected_at=command.inspected_at, now=tx.now, claims_on=claims,
        history_months=figures["accident_history_months"], jointly=command.jointly, participants=command.participants,
        checklist=items,
    )  # fmt: skip
    by_section, whole = rules.scores(items, {name: one.answers for name, one in entries.items()})
    inspection.scores, inspection.score = {name: str(points) for name, points in by_section.items()}, whole
    return [str(one) for one in warnings]


async def give_feedback(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: Feedback
) -> Answer:
    """Record what leader or safety head says; with both on record and the report signed the visit is closed."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        rules.refuse_empty_feedback(command.text, command.declined_reason)
        rules.advance(inspection.state, InspectionStatus.CLOSED)
        said = {"text": command.text} if command.text else {"declined": command.declined_reason}
        inspection.feedback = {**inspection.feedback, command.role: said}
        before = inspection.status
        close_if_complete(tx, inspection)
        after = {"status": inspection.status, "role": command.role, "declined": "declined" in said}
        tx.note("give_feedback", inspection, before={"status": before}, after=after)
        return answered(tx, inspection, "give_feedback", {"role": command.role})


def close_if_complete(tx: Transaction, inspection: Inspection) -> None:
    """Close the visit whose report both sides signed and on which both persons were heard."""
    if inspection.signed_at is None or len(inspection.feedback) < len(rules.FeedbackRole):
        return
    given = [rules.FeedbackRole(role) for role, one in inspection.feedback.items() if one.get("text")]
    declined = {rules.FeedbackRole(role): one.get("declined", "") for role, one in inspection.feedback.items()}
    inspection.status = str(rules.close(inspection.state, given, declined))
    inspection.closed_at = tx.now


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
