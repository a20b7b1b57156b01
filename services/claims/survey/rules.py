"""Dispatch and loss survey: who may be sent, and what a survey must say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.claims.claim.rules import ClaimStatus, Duty, Held, advance, refuse_if_held, refuse_to_take
from shared.actor import Actor
from shared.errors import Fault, OccurredInFuture, Refused, Text, ValidationFailed


class SurveyorNotEligible(Refused):
    """Member: `reason`: `no_appointment` or `other_branch`."""

    code = "surveyor_not_eligible"
    title = Text("该人员不能查勘本案", "This person cannot survey the claim")
    detail = Text(
        "该人员在本分公司没有有效的查勘岗位。",
        "This person holds no surveyor's appointment in the branch of the claim.",
    )


def may_dispatch(current: ClaimStatus) -> None:
    """Refuse (409) a claim that is surveyed already, or past the time for it."""
    if current is not ClaimStatus.DISPATCHED:
        advance(current, ClaimStatus.DISPATCHED)


def may_report(current: ClaimStatus, duties: Iterable[Held], actor: Actor, interested: Collection[UUID] = ()) -> None:
    """Refuse (409) a claim to which nobody is sent, and (403) a person with a duty that must be separate or with an
    interest of his own.
    """
    advance(current, ClaimStatus.SURVEYED)
    refuse_to_take(duties, actor, Duty.SURVEYOR, interested)


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
    current: ClaimStatus, survey: Survey, surveyor_id: UUID, duties: Iterable[Held], *, loss_at: datetime, now: datetime
) -> ClaimStatus:
    """The state after a survey.

    Refuses a survey in the future (422 `occurred_in_future`); all other wrong values together (422): before the loss,
    without findings, with a nameless participant, with a fault ratio outside 0 to 1.
    """
    status = advance(current, ClaimStatus.SURVEYED)
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
