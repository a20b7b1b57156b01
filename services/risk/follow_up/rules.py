"""What shows that a hazard is cured, and who hears of it when it is not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.risk.hazard.rules import EvidenceRequired, HazardStatus, advance
from shared.errors import Conflict, Fault, Refused, StateConflict, Text, ValidationFailed


class EvidenceKind(StrEnum):
    """`rectification`: the customer says so and shows it; `re_inspection`: another visit has seen it."""

    RECTIFICATION = "rectification"
    RE_INSPECTION = "re_inspection"


class ReinspectionRequired(Refused):
    code = "reinspection_required"
    title = Text("须另行到场复查", "Another visit is needed")
    detail = Text(
        "复查证据须来自发现该隐患之后的另一次检查。",
        "Evidence of re-inspection comes from another visit than the one that found the hazard, and a later one.",
    )


class ReinspectionNotReported(Conflict):
    """Member: `current_state` of the visit."""

    code = "reinspection_not_reported"
    title = Text("复查尚未提交报告", "The other visit is not reported")
    detail = Text(
        "复查的状态为 {current_state}，尚未提交报告。", "The other visit is {current_state}: it has no report."
    )


@dataclass(frozen=True)
class Visit:
    """A visit that saw the hazard again."""

    same: bool
    """The very visit that found it."""
    status: str
    inspected_on: date | None


def refuse_visit(visit: Visit | None, served_on: date | None) -> None:
    """Refuse (422) no visit, the one that found the hazard or one before the notice; (409) one without a report."""
    fault = Fault(ReinspectionRequired.code, ReinspectionRequired.detail, pointer="#/inspection_id")
    if visit is None or visit.same:
        raise ReinspectionRequired(fault)
    if visit.inspected_on is None or visit.status not in ("reported", "closed"):
        raise ReinspectionNotReported(current_state=visit.status)
    if served_on is not None and visit.inspected_on < served_on:
        raise ReinspectionRequired(fault)


def refuse_unshown(kind: EvidenceKind, cured: bool | None, attachments: int) -> None:
    """Refuse (422) a re-inspection without photos, and one that does not say what it found."""
    if kind is EvidenceKind.RE_INSPECTION and not attachments:
        raise EvidenceRequired(Fault(EvidenceRequired.code, EvidenceRequired.detail, pointer="#/attachment_ids"))
    if kind is EvidenceKind.RE_INSPECTION and cured is None:
        words = Text("须写明复查结果。", "Say what the visit found.")
        raise ValidationFailed(Fault("cured_required", words, pointer="#/cured"))


def claim_done(current: HazardStatus) -> HazardStatus:
    """The state once the customer says that the hazard is cured; curing it late is curing it."""
    return advance(current, HazardStatus.CLAIMED_DONE)


def reinspect(
    current: HazardStatus, cured: bool, *, due_on: date | None, overdue_for: date | None, today: date
) -> HazardStatus:
    """The state after another visit: `reinspected` where it is cured, else cured further.

    A hazard whose passed day was told already is `escalated` again: the same step is not told twice.
    """
    seen = current if current is HazardStatus.CLAIMED_DONE else claim_done(current)
    seen = advance(seen, HazardStatus.REINSPECTED)
    if cured:
        return seen
    back = advance(seen, HazardStatus.RECTIFYING)
    if due_on is not None and due_on < today and overdue_for == due_on:
        return advance(advance(back, HazardStatus.OVERDUE), HazardStatus.ESCALATED)
    return back


def escalate(current: HazardStatus) -> HazardStatus:
    """The state once the day has passed: overdue, and at once a matter of the level above."""
    return advance(advance(current, HazardStatus.OVERDUE), HazardStatus.ESCALATED)


def unit_above(org_path: str, steps: int) -> str:
    """Path of the unit that has to act after `steps` passed days: the branch after one, head office after two.

    Hazards are followed up from the central branch of their place.
    """
    parts = org_path.split(".")[:3]
    return ".".join(parts[: max(1, len(parts) - steps)])


def change_terms(current: HazardStatus) -> HazardStatus:
    """The state once an endorsement agreed with the policyholder has changed the terms (保险法 art. 51)."""
    return advance(current, HazardStatus.TERMS_CHANGED)


def end_cover(current: HazardStatus, *, compulsory: bool) -> HazardStatus | None:
    """The state once cover was cancelled over the hazard; None where that is no matter of this hazard."""
    try:
        return advance(current, HazardStatus.CANCEL_COVER, compulsory=compulsory)
    except StateConflict:
        return None
