"""Return visits: who is visited, by when, by whom, and what a bad answer leads to.

Shares and periods are data of the rule set `sampling`; the calendar is passed in. A sample is drawn by keyed hash: the
same record always gets the same answer, and nobody without the key can tell beforehand which.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from shared.errors import Conflict, Fault, Refused, SeparationOfDuties, StateConflict, Text, ValidationFailed


class VisitKind(StrEnum):
    UNDERWRITING = "underwriting"
    CLAIM_SETTLEMENT = "claim_settlement"
    COMPLAINT = "complaint"
    SURVEY_PROMPTNESS = "survey_promptness"


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


class WorkingDays(Protocol):
    """The part of a business calendar that planning needs."""

    def add_working_days(self, day: date, count: int) -> date: ...


@dataclass(frozen=True)
class Sampling:
    """The rule set `sampling`, as far as it is about visits; shares from 0 to 1."""

    attempts_before_unreachable: int
    underwriting_days: int
    issued_at_most_days_ago: int
    individual_accident: Decimal
    key_accounts: Decimal
    others: Decimal
    claim_working_days: int
    claim_share: Decimal
    complaint_working_days: int
    complaint_share: Decimal


def read_sampling(content: Mapping[str, Any]) -> Sampling:
    """The content as a value object; a missing figure is a `KeyError` at load."""
    issue, claim, complaint = content["underwriting"], content["claim_settlement"], content["complaint"]
    return Sampling(
        attempts_before_unreachable=content["attempts_before_unreachable"],
        underwriting_days=issue["within_days"],
        issued_at_most_days_ago=issue["issued_at_most_days_ago"],
        individual_accident=Decimal(issue["individual_accident"]),
        key_accounts=Decimal(issue["key_accounts"]),
        others=Decimal(issue["others"]),
        claim_working_days=claim["within_working_days"],
        claim_share=Decimal(claim["share"]),
        complaint_working_days=complaint["within_working_days"],
        complaint_share=Decimal(complaint["share"]),
    )


def drawn(record_id: UUID, purpose: str, share: Decimal, key: bytes) -> bool:
    """Whether a record falls into a sample of `share`: by keyed hash, stable; larger shares contain smaller ones."""
    digest = hmac.digest(key, f"{purpose}:{record_id}".encode(), hashlib.sha256)
    return Decimal(int.from_bytes(digest[:8], "big")) < share * (1 << 64)


@dataclass(frozen=True)
class IssuedPolicy:
    policy_id: UUID
    line: str
    individual: bool
    key_account: bool
    issued_on: date


def plan_after_issue(policy: IssuedPolicy, today: date, sampling: Sampling, key: bytes) -> date | None:
    """The day by which the customer of a new contract is visited, or `None`: not drawn, or issued too long ago."""
    if (today - policy.issued_on).days > sampling.issued_at_most_days_ago:
        return None
    shares = [sampling.others]
    if policy.individual and policy.line == "accident":
        shares.append(sampling.individual_accident)
    if policy.key_account:
        shares.append(sampling.key_accounts)
    if not drawn(policy.policy_id, VisitKind.UNDERWRITING, max(shares), key):
        return None
    return policy.issued_on + timedelta(days=sampling.underwriting_days)


def plan_after_settlement(
    claim_id: UUID, outcome: str, settled_on: date, calendar: WorkingDays, sampling: Sampling, key: bytes
) -> date | None:
    """The day by which a claimant is visited, paid or refused; a withdrawn report is nobody's experience."""
    if outcome == "withdrawn" or not drawn(claim_id, VisitKind.CLAIM_SETTLEMENT, sampling.claim_share, key):
        return None
    return calendar.add_working_days(settled_on, sampling.claim_working_days)


def plan_after_complaint(
    complaint_id: UUID, notified_on: date, calendar: WorkingDays, sampling: Sampling, key: bytes
) -> date | None:
    """The day by which a complainant is visited after he was told the decision."""
    if not drawn(complaint_id, VisitKind.COMPLAINT, sampling.complaint_share, key):
        return None
    return calendar.add_working_days(notified_on, sampling.complaint_working_days)


HANDLING_DUTIES = ("surveyor", "adjuster", "approver")
"""Duties on a claim whose holder does not ask how it went; whoever took the report in may."""


def refuse_caller(caller_id: UUID, *, sellers: Collection[UUID], claim_duties: Iterable[tuple[UUID, str]]) -> None:
    """Refuse (403) a caller who sold the contract or handled the claim: nobody asks about his own work."""
    if caller_id in sellers:
        raise SeparationOfDuties(conflicting_duty="seller")
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


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True)
class Question:
    """A question of an approved questionnaire: its answers, which of them are negative, and whose matter it is."""

    code: str
    answers: frozenset[str]
    negative: frozenset[str]
    area: str
    severity: Severity
    required: bool = True


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
    faults = list(_answer_faults(questions, answers))
    if faults:
        raise ValidationFailed(*faults)
    negative = (question for question in questions if answers.get(question.code) in question.negative)
    findings = (
        *(FindingDraft(question.code, question.area, question.severity) for question in negative),
        *(FindingDraft(field, "customer_data", Severity.MEDIUM) for field in mismatches),
    )
    return Completion((status, VisitStatus.ROUTED) if findings else (status,), findings)


def _answer_faults(questions: Sequence[Question], answers: Mapping[str, str]) -> Iterable[Fault]:
    known = {question.code: question for question in questions}
    for question in questions:
        if question.required and question.code not in answers:
            text = Text("该问题未回答。", "This question is not answered.")
            yield Fault("answer_required", text, pointer=f"#/answers/{question.code}")
    for code, answer in answers.items():
        if code not in known or answer not in known[code].answers:
            text = Text("没有这一问题或选项。", "There is no such question or answer.")
            yield Fault("answer_unknown", text, pointer=f"#/answers/{code}")
