"""Set an improvement, report it done; with the last one the survey has done its work."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from services.crm.improvement import queries, rules
from services.crm.improvement.rules import ActionStatus
from services.crm.improvement.schemas import ActionFactOut, ReportAction, SetAction
from services.crm.improvement.tables import SurveyAction
from services.crm.survey.handlers import staff
from services.crm.survey.queries import SurveyFacts
from services.crm.survey.rules import SurveyStatus, advance
from services.crm.survey.shapes import state_of
from services.crm.survey.tables import Survey
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item


def check_set(_actor: Actor, facts: SurveyFacts) -> None:
    """Whether an improvement may be set now."""
    rules.may_set(facts.survey.state)


async def set_action(
    db: Database, actor: Actor, key: RequestKey, survey_id: UUID, version: int | None, command: SetAction
) -> Answer:
    """Ask somebody for an improvement until a day; the task opens it to him, wherever he is."""
    async with db.transaction(actor, key) as tx:
        survey = await tx.find_for_change(Survey, survey_id, version)
        rules.may_set(survey.state)
        rules.refuse_past(command.due_on, legal_day(tx.now))
        unit = await directory.unit_by_code(tx, command.unit_code)
        if unit is None or not f"{unit.path}.".startswith(f"{survey.org_path}."):
            raise ReferenceNotFound.at("#/unit_code")
        row = SurveyAction(
            id=uuid7(), version=1, org_path=survey.org_path, survey_id=survey.id, status=str(ActionStatus.OPEN),
            text=command.text, unit_code=command.unit_code, due_on=command.due_on, person_id=actor.person_id,
            owner_id=await staff(tx, command.owner_staff_no, "#/owner_staff_no"),
        )  # fmt: skip
        tx.add(row)
        before = survey.status
        if survey.state is SurveyStatus.ANALYSED:
            survey.status = str(advance(survey.state, SurveyStatus.ACTIONS_TRACKED))
        await tx.flush()
        await open_item(
            tx, "survey_action", row, Text("落实满意度改进措施", "Carry out an improvement"), number=None,
            unit_code=command.unit_code, person_id=row.owner_id, due_at=_ends(row),
            href=f"/v1/surveys/{survey.id}/actions/{row.id}/completions",
        )  # fmt: skip
        after = {"status": survey.status, "action": str(row.id), "due_on": row.due_on}
        tx.note("set_action", survey, before={"status": before}, after=after)
        return tx.answer(_fact(tx, row, survey), location=f"/v1/surveys/{survey.id}/actions", version=survey.version)


def _ends(row: SurveyAction) -> datetime:
    return at_midnight(row.due_on + timedelta(days=1))


def _fact(tx: Transaction, row: SurveyAction, survey: Survey) -> ActionFactOut:
    return ActionFactOut(id=row.id, created_at=tx.now, version=row.version, status=row.status, survey=state_of(survey))


async def report_action(
    db: Database, actor: Actor, key: RequestKey, place: tuple[UUID, UUID], version: int | None, command: ReportAction
) -> Answer:
    """Say what was done. `place`: the survey and the improvement."""
    survey_id, action_id = place
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(SurveyAction, action_id, version)
        if row.survey_id != survey_id:
            raise NotFound()
        persons = {actor.person_id, actor.on_behalf_of or actor.person_id}
        rules.may_report(ActionStatus(row.status), row.owner_id, persons, actor.position)
        row.status, row.result = str(ActionStatus.DONE), command.text
        row.done_at, row.done_by = tx.now, actor.person_id
        await close_items(tx, row.id)
        tx.note("report", row, before={"status": "open"}, after={"status": row.status})
        survey = await _perhaps_done(tx, row)
        return tx.answer(_fact(tx, row, survey), location=f"/v1/surveys/{survey.id}/actions", version=row.version)


async def _perhaps_done(tx: Transaction, row: SurveyAction) -> Survey:
    """The survey, which lies above whoever reports; done with its last improvement."""
    await tx.use_scope("00")
    survey = await tx.find(Survey, row.survey_id, lock=True)
    if survey.state is SurveyStatus.ACTIONS_TRACKED and not await queries.open_of(tx, survey.id):
        survey.status = str(advance(survey.state, SurveyStatus.DONE))
        survey.version += 1
        survey.updated_at = tx.now
        tx.note("finish", survey, before={"status": "actions_tracked"}, after={"status": survey.status})
    return survey


async def escalate(tx: Transaction, action_id: UUID) -> None:
    """An improvement was not carried out in time: the unit of the survey is asked, once."""
    row = await tx.find(SurveyAction, action_id, lock=True)
    if row.status != ActionStatus.OPEN or row.due_on >= legal_day(tx.now):
        return
    if not await claim(tx, queries.OVERDUE, row.id, row.due_on):
        return
    above = row.org_path.rpartition(".")[2]
    await open_item(
        tx, "overdue_survey_action", row, Text("满意度改进措施逾期", "An improvement is overdue"), number=None,
        unit_code=above, position="department_head", due_at=_ends(row), method="GET", priority="high",
        href=f"/v1/surveys/{row.survey_id}/actions",
    )  # fmt: skip
    row.version += 1
    row.updated_at = tx.now
    tx.note("escalate", row, after={"due_on": row.due_on, "escalated_to": above})


ACTIONS: tuple[Action[SurveyFacts], ...] = (
    Action("set_action", "POST", "/v1/surveys/{id}/actions", "crm.survey.act", check_set),
)
TICKS = (Tick(queries.OVERDUE, timedelta(minutes=1), one_by_one(queries.overdue, escalate)),)
