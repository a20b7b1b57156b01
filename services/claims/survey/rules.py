"""Dispatch and loss survey: who may be sent, and what a survey must say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.claims.claim.rules import ClaimStatus, Duty, Held, advance, refuse_if_held
from shared.errors import Fault, OccurredInFuture, Text, ValidationFailed


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
