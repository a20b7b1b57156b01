"""The plan of a year, the life of a survey, and whose customers it may ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.errors import Fault, Refused, SeparationOfDuties, StateConflict, Text, ValidationFailed


class TouchPoint(StrEnum):
    """After which contact with us somebody is asked."""

    UNDERWRITING = "underwriting"
    CLAIM = "claim"
    COMPLAINT = "complaint"


class SurveyStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    RUNNING = "running"
    CLOSED = "closed"
    ANALYSED = "analysed"
    ACTIONS_TRACKED = "actions_tracked"
    DONE = "done"


_S = SurveyStatus

NEXT: Mapping[SurveyStatus, frozenset[SurveyStatus]] = {
    _S.DRAFT: frozenset({_S.APPROVED}),
    _S.APPROVED: frozenset({_S.RUNNING}),
    _S.RUNNING: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset({_S.ANALYSED}),
    # an analysis that asks for nothing to be done ends the survey
    _S.ANALYSED: frozenset({_S.ACTIONS_TRACKED, _S.DONE}),
    _S.ACTIONS_TRACKED: frozenset({_S.DONE}),
    _S.DONE: frozenset(),
}


class NotPlanned(Refused):
    """A survey outside of the plan needs a reason."""

    code = "survey_not_planned"
    title = Text("不在年度计划内", "Not in the plan of the year")
    detail = Text("该调查不在年度计划内，须说明理由。", "The survey is not in the plan of its year: give a reason.")


class QuestionnaireNotApproved(Refused):
    code = "questionnaire_not_approved"
    title = Text("问卷未经批准", "The questionnaire is not approved")
    detail = Text("满意度调查须使用已批准的调查问卷。", "A survey asks an approved questionnaire made for surveys.")


class PeriodWrong(Refused):
    code = "survey_period_wrong"
    title = Text("调查期间有误", "The period is wrong")
    detail = Text(
        "调查须在开始当天或以后结束，开始日不得早于今天，调查对象的时间范围须有先后。",
        "A survey begins today or later and ends after that; its frame has a first and a last day.",
    )


def advance(current: SurveyStatus, to: SurveyStatus) -> SurveyStatus:
    """`to`, if a survey may go there from `current`; otherwise `StateConflict` (409)."""
    if to not in NEXT[current]:
        raise StateConflict(current_state=str(current), legal_moves=sorted(map(str, NEXT[current])))
    return to


def check_plan(year: int, entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse (422), all together, a code twice and days outside of the year or the wrong way round."""
    faults, seen = [], set()
    for n, one in enumerate(entries):
        if one["code"] in seen:
            faults.append(
                Fault("code_twice", Text("代码重复。", "This code stands twice."), pointer=f"#/entries/{n}/code")
            )
        seen.add(one["code"])
        if not (one["starts_on"] <= one["closes_on"] and one["starts_on"].year == year):
            words = Text("起止日期须在计划年度内。", "It begins in the year of the plan, before it ends.")
            faults.append(Fault("period_wrong", words, pointer=f"#/entries/{n}/starts_on"))
    if faults:
        raise ValidationFailed(*faults)


@dataclass(frozen=True)
class Period:
    starts_on: date
    closes_on: date
    from_on: date
    to_on: date


def check_survey(period: Period, today: date, *, planned: bool, reason: str | None) -> None:
    """Refuse (422) a survey of the past, one whose days are the wrong way round, and one that is neither planned nor
    explained.
    """
    if period.starts_on < today or period.closes_on < period.starts_on or period.to_on < period.from_on:
        raise PeriodWrong()
    if not planned and not (reason or "").strip():
        raise NotPlanned(Fault(NotPlanned.code, NotPlanned.detail, pointer="#/reason"))


def may_approve(current: SurveyStatus, drafter: UUID, persons: Collection[UUID], *, asked_is_approved: bool) -> None:
    """Refuse (409) what is no draft, (403) its own drafter, and (422) questions that nobody has approved."""
    advance(current, SurveyStatus.APPROVED)
    if drafter in persons:
        raise SeparationOfDuties(conflicting_duty="drafter")
    if not asked_is_approved:
        raise QuestionnaireNotApproved(
            Fault(QuestionnaireNotApproved.code, QuestionnaireNotApproved.detail, pointer="#/questionnaire_id")
        )
