"""Return visits: the states they go through, by whom they are made, and what a bad answer leads to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.crm.questionnaire.rules import Question, Severity, asked_of, check_answers
from services.crm.visit.rules.plan import IssuedPolicy as IssuedPolicy
from services.crm.visit.rules.plan import Planned as Planned
from services.crm.visit.rules.plan import Sampling as Sampling
from services.crm.visit.rules.plan import VisitKind as VisitKind
from services.crm.visit.rules.plan import drawn as drawn
from services.crm.visit.rules.plan import plan_after_complaint as plan_after_complaint
from services.crm.visit.rules.plan import plan_after_issue as plan_after_issue
from services.crm.visit.rules.plan import plan_after_settlement as plan_after_settlement
from services.crm.visit.rules.plan import plan_after_survey as plan_after_survey
from services.crm.visit.rules.plan import read_sampling as read_sampling
from shared.errors import Conflict, Fault, Refused, SeparationOfDuties, StateConflict, Text


class Mode(StrEnum):
    PHONE = "phone"
    LETTER = "letter"
    VISIT = "visit"
    QUESTIONNAIRE = "questionnaire"
    SMS = "sms"
    WEB = "web"


class VisitStatus(StrEnum):
    PLANNED = "planned"
    ATTEMPTED = "attempted"
    ALT_MODE = "alt_mode"
    COMPLETED = "completed"
    UNREACHABLE = "unreachable"
    ROUTED = "routed"
    FOLLOWED_UP = "followed_up"
    CANCELLED = "cancelled"
    """What was to be asked about has been taken back: the claim was reopened or cancelled, the complaint withdrawn."""


_S = VisitStatus

NEXT: dict[VisitStatus, frozenset[VisitStatus]] = {
    _S.PLANNED: frozenset({_S.ATTEMPTED, _S.CANCELLED}),
    _S.ATTEMPTED: frozenset({_S.COMPLETED, _S.ALT_MODE, _S.UNREACHABLE, _S.CANCELLED}),
    # Another mode may fail as well.
    _S.ALT_MODE: frozenset({_S.COMPLETED, _S.UNREACHABLE, _S.CANCELLED}),
    _S.COMPLETED: frozenset({_S.ROUTED}),
    _S.ROUTED: frozenset({_S.FOLLOWED_UP}),
    _S.FOLLOWED_UP: frozenset(),
    _S.UNREACHABLE: frozenset(),
    _S.CANCELLED: frozenset(),
}

OPEN = frozenset({_S.PLANNED, _S.ATTEMPTED, _S.ALT_MODE})
"""States in which the customer is still to be asked."""


def advance(current: VisitStatus, to: VisitStatus) -> VisitStatus:
    """`to`, if a visit may go there from `current`; otherwise `StateConflict` (409) with the legal moves."""
    if to not in NEXT[current]:
        moves = [str(status) for status in VisitStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


HANDLING_DUTIES = ("surveyor", "adjuster", "approver")
"""Duties on a claim whose holder does not ask how it went; whoever took the report in may."""


def refuse_caller(
    caller_id: UUID, *, sellers: Collection[UUID], claim_duties: Iterable[tuple[UUID, str]], manager: UUID | None = None
) -> None:
    """Refuse (403) a caller who sold the contract, handled the claim or manages the customer's account: nobody asks
    about his own work.
    """
    if caller_id in sellers:
        raise SeparationOfDuties(conflicting_duty="seller")
    if caller_id == manager:
        raise SeparationOfDuties(conflicting_duty="account_manager")
    for person_id, duty in claim_duties:
        if person_id == caller_id and duty in HANDLING_DUTIES:
            raise SeparationOfDuties(conflicting_duty=duty)


class RecordingRequired(Refused):
    code = "recording_required"
    title = Text("须有录音", "A recording is needed")
    detail = Text("电话回访成功须登记录音编号。", "A successful visit by phone refers to its recording.")


class TooFewAttempts(Conflict):
    """Members: `attempts`, `needed`."""

    code = "too_few_attempts"
    title = Text("尝试次数不足", "Too few attempts")
    detail = Text("仅尝试 {attempts} 次，至少 {needed} 次方可登记失访。", "{attempts} attempt(s); {needed} are needed.")


def may_go_on(current: VisitStatus) -> None:
    """Refuse (409) an attempt or an answer on a visit that is over."""
    if current not in OPEN:
        advance(current, VisitStatus.ATTEMPTED)


def attempt(current: VisitStatus, earlier_modes: Sequence[Mode], mode: Mode) -> VisitStatus:
    """The state after one more attempt that did not reach the customer: `alt_mode` once another mode is tried."""
    if current is VisitStatus.PLANNED:
        return advance(current, VisitStatus.ATTEMPTED)
    may_go_on(current)
    return VisitStatus.ALT_MODE if {*earlier_modes, mode} != {mode} else current


def give_up(current: VisitStatus, attempts: int, needed: int) -> VisitStatus:
    """The state of a customer who could not be reached; refused (409) after fewer than `needed` attempts."""
    status = advance(current, VisitStatus.UNREACHABLE)
    if attempts < needed:
        raise TooFewAttempts(attempts=attempts, needed=needed)
    return status


@dataclass(frozen=True)
class FindingDraft:
    """What a visit has to raise; `source` is the code of the question or the name of the field."""

    source: str
    area: str
    severity: Severity


@dataclass(frozen=True)
class Completion:
    """A finished visit: the next states in order, and its findings."""

    statuses: tuple[VisitStatus, ...]
    findings: tuple[FindingDraft, ...]


def complete(
    current: VisitStatus,
    mode: Mode,
    recording_ref: str | None,
    questions: Sequence[Question],
    answers: Mapping[str, str],
    mismatches: Iterable[str] = (),
) -> Completion:
    """Finish a visit; a negative answer and a mismatch of data each become a finding, which routes the visit.

    Refuses a call without recording (422), and together (422) unanswered, unknown and impossible answers.
    """
    reached = current if current is not VisitStatus.PLANNED else advance(current, VisitStatus.ATTEMPTED)
    status = advance(reached, VisitStatus.COMPLETED)
    if mode is Mode.PHONE and not (recording_ref or "").strip():
        raise RecordingRequired(Fault(RecordingRequired.code, RecordingRequired.detail, pointer="#/recording_ref"))
    check_answers(questions, answers)
    asked = asked_of(questions, answers)
    negative = (question for question in asked if answers.get(question.code) in question.negative)
    findings = (
        *(FindingDraft(question.code, question.area, question.severity) for question in negative),
        *(FindingDraft(field, "customer_data", Severity.MEDIUM) for field in mismatches),
    )
    return Completion((status, VisitStatus.ROUTED) if findings else (status,), findings)
