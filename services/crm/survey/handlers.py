"""Put a plan, draft a survey, approve it; it starts and ends by its days."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from services.crm.questionnaire.queries import of_id
from services.crm.survey import queries, rules, shapes
from services.crm.survey.queries import SurveyFacts
from services.crm.survey.rules import SurveyStatus
from services.crm.survey.schemas import ApproveSurvey, DraftSurvey, PutPlan, SurveyApprovalOut
from services.crm.survey.tables import Survey, SurveyPlan
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.concurrency import expected_version
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

_ONE_YEAR = text("select pg_advisory_xact_lock(hashtextextended('crm.survey_plan.' || cast(:year as text), 0))")


async def put_plan(tx: Transaction, year: int, if_match: str | None, command: PutPlan) -> SurveyPlan:
    """State the whole plan of a year; one that is there already is replaced on the version that was seen."""
    actor = tx.actor
    rules.check_plan(year, [one.model_dump() for one in command.entries])
    for n, one in enumerate(command.entries):
        await staff(tx, one.owner_staff_no, f"#/entries/{n}/owner_staff_no")
    entries = [one.model_dump(mode="json") for one in command.entries]
    await tx.execute(_ONE_YEAR, {"year": f"{actor.scope}/{year}"})
    present = await queries.plan_of(tx, actor.scope, year)
    if present is None:
        row = SurveyPlan(
            id=uuid7(), version=1, org_path=actor.scope, year=year, entries=entries, person_id=actor.person_id
        )
        tx.add(row)
        tx.note("plan", row, after={"year": year, "surveys": len(entries)})
        return row
    row = await tx.find_for_change(SurveyPlan, present.id, expected_version(if_match))
    before, row.entries, row.person_id = len(row.entries), entries, actor.person_id
    tx.note("plan", row, before={"surveys": before}, after={"year": year, "surveys": len(entries)})
    return row


async def staff(tx: Transaction, staff_no: str, pointer: str) -> UUID:
    """The person of a staff number. Raises `ReferenceNotFound`."""
    found = await directory.person_of_staff_no(tx, staff_no)
    if found is None:
        raise ReferenceNotFound.at(pointer)
    return found


async def draft_survey(db: Database, actor: Actor, key: RequestKey, command: DraftSurvey, language: str) -> Answer:
    """Draft a survey of the caller's unit."""
    async with db.transaction(actor, key) as tx:
        frame = command.frame
        plan = await queries.plan_of(tx, actor.scope, command.starts_on.year)
        planned = plan is not None and command.plan_code in [one["code"] for one in plan.entries]
        period = rules.Period(command.starts_on, command.closes_on, frame.from_on, frame.to_on)
        rules.check_survey(period, legal_day(tx.now), planned=planned, reason=command.reason)
        await _check_references(tx, actor, command)
        row = Survey(
            id=uuid7(), version=1, org_path=actor.scope, status=str(SurveyStatus.DRAFT), title_zh=command.title.zh,
            title_en=command.title.en, plan_id=plan.id if plan is not None and planned else None,
            plan_code=command.plan_code if planned else None, reason=command.reason,
            questionnaire_id=command.questionnaire_id, frame=frame.model_dump(mode="json"),
            sample_per_unit=command.sample_per_unit, channel=command.channel, anonymous=command.anonymous,
            starts_on=command.starts_on, closes_on=command.closes_on, drafted_by=actor.person_id,
            owner_id=await staff(tx, command.owner_staff_no, "#/owner_staff_no"),
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        await open_item(
            tx, "approve_survey", row, Text("审批满意度调查", "Approve a survey"), number=None,
            unit_code=actor.unit_code, position="department_head", href=f"/v1/surveys/{row.id}/approvals",
        )  # fmt: skip
        tx.note("draft", row, after={"status": row.status, "plan_code": row.plan_code})
        out = await shapes.alone(tx, row, ACTIONS, language)
        return tx.answer(out, location=f"/v1/surveys/{row.id}", version=row.version)


async def _check_references(tx: Transaction, actor: Actor, command: DraftSurvey) -> None:
    if await of_id(tx, command.questionnaire_id, actor.scope) is None:
        raise ReferenceNotFound.at("#/questionnaire_id")
    paths = await directory.paths_of(tx, command.frame.unit_codes)
    for n, code in enumerate(command.frame.unit_codes):
        path = paths.get(code)
        if path is None or not f"{path}.".startswith(f"{actor.scope}."):
            raise ReferenceNotFound.at(f"#/frame/unit_codes/{n}")


def check_approval(actor: Actor, facts: SurveyFacts) -> None:
    """Whether this caller may approve this survey now."""
    persons = {actor.person_id, actor.on_behalf_of or actor.person_id}
    survey = facts.survey
    rules.may_approve(survey.state, survey.drafted_by, persons, asked_is_approved=facts.asked_is_approved)


async def approve_survey(
    db: Database, actor: Actor, key: RequestKey, survey_id: UUID, version: int | None, command: ApproveSurvey
) -> Answer:
    """From its first day on it runs."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Survey, survey_id, version)
        check_approval(actor, await queries.facts_of(tx, row))
        if row.closes_on < legal_day(tx.now):
            raise rules.PeriodWrong(Fault(rules.PeriodWrong.code, rules.PeriodWrong.detail))
        row.status, row.approved_by, row.approved_at = str(SurveyStatus.APPROVED), actor.person_id, tx.now
        await close_items(tx, row.id)
        tx.note("approve", row, before={"status": "draft"}, after={"status": row.status}, reason=command.remark)
        out = SurveyApprovalOut(id=uuid7(), created_at=tx.now, survey=shapes.state_of(row))
        return tx.answer(out, location=f"/v1/surveys/{row.id}", version=row.version)


ACTIONS: tuple[Action[SurveyFacts], ...] = (
    Action("approve", "POST", "/v1/surveys/{id}/approvals", "crm.survey.approve", check_approval),
)
