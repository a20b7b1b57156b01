"""Dispatch and loss survey: who may be sent, and what a survey must say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.claims.claim.rules import (
    ClaimStatus,
    Duty,
    Held,
    acting,
    advance,
    legal_moves,
    refuse_if_held,
    refuse_to_take,
)
from shared.actor import Actor
from shared.errors import (
    Conflict,
    Fault,
    Forbidden,
    OccurredInFuture,
    ReasonRequired,
    Refused,
    StateConflict,
    Text,
    ValidationFailed,
)


class SurveyorNotEligible(Refused):
    """Member: `reason`: `no_appointment` or `other_branch`."""

    code = "surveyor_not_eligible"
    title = Text("该人员不能查勘本案", "This person cannot survey the claim")
    detail = Text(
        "该人员在本分公司没有有效的查勘岗位。",
        "This person holds no surveyor's appointment in the branch of the claim.",
    )


class NoSurveyorInArea(Refused):
    code = "no_surveyor_in_area"
    title = Text("当地没有可派的查勘员", "No surveyor of the place")
    detail = Text(
        "出险地所属机构没有可派的查勘员，请指定本分公司的查勘员。",
        "No surveyor who may go belongs to the place of the loss; name one of the branch.",
    )


class AlreadyAssigned(Conflict):
    code = "already_assigned"
    title = Text("已派给该查勘员", "This surveyor is sent already")
    detail = Text("本案已派给该查勘员。", "The claim is with this surveyor already.")


class NotTheSurveyorSent(Forbidden):
    code = "not_the_surveyor_sent"
    title = Text("不是被派的查勘员", "Somebody else was sent")
    detail = Text("只有被派的查勘员可以接受或拒绝。", "Only the surveyor who was sent accepts or declines.")


class DispatchAlreadyAccepted(Conflict):
    code = "dispatch_already_accepted"
    title = Text("已接受派工", "The dispatch is accepted")
    detail = Text("派工已被接受；不能前往的，请重新调度。", "The dispatch was accepted; who cannot go is replaced.")


RESURVEYABLE = frozenset(
    {
        *(ClaimStatus.SURVEYED, ClaimStatus.REGISTERED, ClaimStatus.ASSESSING, ClaimStatus.DOCUMENTS_PENDING),
        *(ClaimStatus.DOCUMENTS_COMPLETE, ClaimStatus.CALCULATED, ClaimStatus.RETURNED),
    }
)
"""From the first survey until the decision is asked for."""


def may_resurvey(current: ClaimStatus) -> None:
    """Refuse (409) a further survey before the first, and once the claim is with its approvers.

    Ordered again while it is under way, it is given to another surveyor.
    """
    if current not in RESURVEYABLE:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))


def may_answer(current: ClaimStatus, actor: Actor, surveyor_id: UUID | None, *, resurvey: bool, accepted: bool) -> None:
    """Refuse (409) where nobody is sent or where he has said yes, and (403) everybody but the one who is sent."""
    if current is not ClaimStatus.DISPATCHED and not resurvey:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))
    if surveyor_id not in acting(actor):
        raise NotTheSurveyorSent()
    if accepted:
        raise DispatchAlreadyAccepted()


def require_reason(reason: str | None) -> None:
    """Refuse (422) a refusal, a replacement or a further survey without its reason."""
    if not (reason or "").strip():
        raise ReasonRequired(
            Fault(ReasonRequired.code, Text("须说明原因。", "A reason is needed."), pointer="#/reason")
        )


def check_reassign(current: ClaimStatus, present: UUID | None, wanted: UUID | None) -> None:
    """Refuse (409) a claim to which nobody is sent, and the surveyor who has it already."""
    if current is not ClaimStatus.DISPATCHED:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))
    if wanted is not None and wanted == present:
        raise AlreadyAssigned()


@dataclass(frozen=True)
class Candidate:
    """A surveyor's appointment in the branch, as a dispatcher chooses by it."""

    person_id: UUID
    staff_no: str
    unit_code: str
    near: bool
    open_items: int
    conflict: str | None = None


def covers(area_codes: Iterable[str], area_code: str | None) -> bool:
    """Whether a unit's divisions hold the division of the loss: a code of a higher level ends in pairs of zeros."""
    return bool(area_code) and any(str(area_code).startswith(_significant(one)) for one in area_codes)


def _significant(code: str) -> str:
    while code.endswith("00"):
        code = code[:-2]
    return code or "-"


def in_order(found: Iterable[Candidate]) -> list[Candidate]:
    """Those who may go first, then those of the place, then those with the least open work."""
    return sorted(found, key=lambda one: (one.conflict is not None, not one.near, one.open_items, one.staff_no))


def choose(found: Iterable[Candidate]) -> UUID:
    """The surveyor of the place who may go and has the least open work; 422 where there is none."""
    for one in in_order(found):
        if one.conflict is None and one.near:
            return one.person_id
    raise NoSurveyorInArea(Fault(NoSurveyorInArea.code, NoSurveyorInArea.detail, pointer="#/surveyor_person_id"))


def may_dispatch(current: ClaimStatus) -> None:
    """Refuse (409) a claim that is surveyed already, or past the time for it."""
    if current is not ClaimStatus.DISPATCHED:
        advance(current, ClaimStatus.DISPATCHED)


def may_report(
    current: ClaimStatus, duties: Iterable[Held], actor: Actor, interested: Collection[UUID] = (), *,
    resurvey: bool = False,
) -> None:  # fmt: skip
    """Refuse (409) a claim to which nobody is sent, and (403) a person with a duty that must be separate or with an
    interest of his own.
    """
    after_survey(current, resurvey=resurvey)
    refuse_to_take(duties, actor, Duty.SURVEYOR, interested)


def after_survey(current: ClaimStatus, *, resurvey: bool) -> ClaimStatus:
    """The state after a survey: a further one that was ordered leaves it as it is."""
    return current if resurvey and current in RESURVEYABLE else advance(current, ClaimStatus.SURVEYED)


def check_eligible(paths: Iterable[str], claim_path: str) -> None:
    """Refuse (422) a person whose surveyor's appointments (`paths` of their units) lie in no unit of the claim's
    branch; for a claim at head office's desk every branch will do."""
    held = list(paths)
    if not held:
        raise SurveyorNotEligible(_not_eligible(), reason="no_appointment")
    branch = ".".join(claim_path.split(".")[:2])
    if not any(path == branch or path.startswith(branch + ".") for path in held):
        raise SurveyorNotEligible(_not_eligible(), reason="other_branch")


def _not_eligible() -> Fault:
    return Fault(SurveyorNotEligible.code, SurveyorNotEligible.detail, pointer="#/surveyor_person_id")


def dispatch(current: ClaimStatus, surveyor_id: UUID, duties: Iterable[Held]) -> ClaimStatus:
    """The state after sending `surveyor_id`; a claim already dispatched may be given to another surveyor.

    Refuses (403) a person who sold the policy or already adjusted or approved this claim, and (409) a wrong state.
    """
    status = current if current is ClaimStatus.DISPATCHED else advance(current, ClaimStatus.DISPATCHED)
    refuse_if_held(duties, surveyor_id, taking=Duty.SURVEYOR)
    return status


@dataclass(frozen=True)
class Survey:
    """A loss survey as written on the spot; `fault_ratio` is the surveyor's opinion, 0 to 1, absent if he has none."""

    surveyed_at: datetime
    participants: Sequence[str]
    findings: str
    fault_ratio: Decimal | None = None


def record_survey(
    current: ClaimStatus, survey: Survey, surveyor_id: UUID, duties: Iterable[Held], *, loss_at: datetime,
    now: datetime, resurvey: bool = False,
) -> ClaimStatus:  # fmt: skip
    """The state after a survey.

    Refuses a survey in the future (422 `occurred_in_future`); all other wrong values together (422): before the loss,
    without findings, with a nameless participant, with a fault ratio outside 0 to 1.
    """
    status = after_survey(current, resurvey=resurvey)
    refuse_if_held(duties, surveyor_id, taking=Duty.SURVEYOR)
    if survey.surveyed_at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/surveyed_at"))
    faults = list(_faults(survey, loss_at))
    if faults:
        raise ValidationFailed(*faults)
    return status


def _faults(survey: Survey, loss_at: datetime) -> Iterable[Fault]:
    if survey.surveyed_at < loss_at:
        text = Text("查勘时间早于出险时间。", "The survey lies before the loss.")
        yield Fault("survey_before_loss", text, pointer="#/surveyed_at")
    if not survey.findings.strip():
        yield Fault("findings_required", Text("须写明查勘情况。", "A survey needs findings."), pointer="#/findings")
    for i, name in enumerate(survey.participants):
        if not name.strip():
            text = Text("须写明参加人。", "A participant needs a name.")
            yield Fault("participant_required", text, pointer=f"#/participants/{i}")
    if survey.fault_ratio is not None and not 0 <= survey.fault_ratio <= 1:
        text = Text("责任比例须在 0 与 1 之间。", "A fault ratio lies between 0 and 1.")
        yield Fault("ratio_out_of_range", text, pointer="#/liability_opinion/fault_ratio")
