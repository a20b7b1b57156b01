"""When an improvement can be set and reported, and when a survey has done its work."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.crm.survey.rules import SurveyStatus
from shared.errors import Fault, Forbidden, Refused, StateConflict, Text


class ActionStatus(StrEnum):
    OPEN = "open"
    DONE = "done"


class DueInPast(Refused):
    code = "action_due_in_past"
    title = Text("完成期限已过", "The day is over")
    detail = Text("改进措施的完成期限须为今天或以后。", "An improvement is due today or later.")


class NotTheOwner(Forbidden):
    code = "not_the_owner"
    title = Text("非措施责任人", "Somebody else answers for it")
    detail = Text("该措施由责任人或其上级部门报告完成。", "Its owner reports it, or a department head over his unit.")


def may_set(current: SurveyStatus) -> None:
    """Refuse (409) an improvement of what was not analysed, or is done."""
    if current not in (SurveyStatus.ANALYSED, SurveyStatus.ACTIONS_TRACKED):
        raise StateConflict(current_state=str(current), legal_moves=[])


def refuse_past(due_on: date, today: date) -> None:
    """Refuse (422) a day that is over."""
    if due_on < today:
        raise DueInPast(Fault(DueInPast.code, DueInPast.detail, pointer="#/due_on"))


def may_report(current: ActionStatus, owner: UUID, persons: Collection[UUID], position: str) -> None:
    """Refuse (409) what was reported, and (403) whoever neither owns it nor heads the department."""
    if current is ActionStatus.DONE:
        raise StateConflict(current_state=str(current), legal_moves=[])
    if owner not in persons and position != "department_head":
        raise NotTheOwner()
