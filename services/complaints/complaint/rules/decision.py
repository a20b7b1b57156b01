"""Decision and review: at the branch or above, by somebody without interest, saying all that a reply must say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.complaints.complaint.rules.lifecycle import ComplaintStatus, advance
from services.complaints.complaint.rules.ownership import HEAD_OFFICE_PATH
from services.complaints.complaint.rules.recusal import RecusalGround, refuse_recused
from shared.errors import Conflict, Fault, Forbidden, Text, ValidationFailed

DECIDING_LEVELS = frozenset({"branch", "head_office"})


class DecisionBelowBranch(Forbidden):
    """Member: `level` of the caller."""

    code = "decision_below_branch"
    title = Text("投诉由分公司处理决定", "Complaints are decided at the branch")
    detail = Text("分公司以下机构只受理、转办和协助。", "Units below the branch take in, pass on and assist.")


class Remedy(StrEnum):
    """What the complainant may do next."""

    REVIEW = "review"
    MEDIATION = "mediation"
    ARBITRATION = "arbitration"
    LITIGATION = "litigation"


@dataclass(frozen=True)
class Decision:
    findings: str
    basis: str
    reasons: str
    remedies: Collection[str]
    outcome: str


def decide(
    current: ComplaintStatus, given: Decision, level: str, person_id: UUID, grounds: Mapping[UUID, RecusalGround]
) -> ComplaintStatus:
    """The state after a decision.

    Refuses a caller below the branch and one who must stay out (403), a wrong state (409), and all missing parts
    together (422): findings, basis, reasons, outcome, and the remedies by their names.
    """
    check_level(level)
    refuse_recused(person_id, grounds)
    status = advance(current, ComplaintStatus.DECIDED)
    check_content(given)
    return status


def check_level(level: str) -> None:
    """Refuse (403) deciding or closing a complaint below the branch."""
    if level not in DECIDING_LEVELS:
        raise DecisionBelowBranch(level=level)


def check_content(given: Decision) -> None:
    """Refuse (422), all at once, what a reply must say and does not."""
    parts = {"findings": given.findings, "basis": given.basis, "reasons": given.reasons, "outcome": given.outcome}
    needed = Text("答复须写明该项。", "A reply must say this.")
    faults = [Fault("part_required", needed, pointer=f"#/{name}") for name, part in parts.items() if not part.strip()]
    if not given.remedies:
        text = Text("须告知救济途径。", "The reply names the remedies.")
        faults.append(Fault("remedies_required", text, pointer="#/remedies"))
    known = set(Remedy)
    text = Text("没有这一救济途径。", "There is no such remedy.")
    faults.extend(
        Fault("remedy_unknown", text, pointer=f"#/remedies/{i}")
        for i, one in enumerate(given.remedies)
        if one not in known
    )
    if faults:
        raise ValidationFailed(*faults)


class ReviewBySamePerson(Forbidden):
    code = "review_by_same_person"
    title = Text("核查须由他人办理", "A review is by other persons")
    detail = Text("参与原处理的人员不得办理核查。", "Who took part in the first decision may not decide the review.")


class ReviewAtWrongUnit(Conflict):
    """Member: `unit_path` that decides the review."""

    code = "review_at_wrong_unit"
    title = Text("核查由上级机构决定", "A review is for the superior unit")
    detail = Text("核查由上级机构({unit_path})决定。", "The review is decided by the unit above ({unit_path}).")


def decide_review(
    current: ComplaintStatus,
    person_id: UUID,
    unit_path: str,
    owner_path: str,
    earlier: Collection[UUID],
    grounds: Mapping[UUID, RecusalGround],
) -> ComplaintStatus:
    """The state after a review decision: at the unit above the owner (head office for a branch), by other persons."""
    status = advance(current, ComplaintStatus.REVIEW_DECIDED)
    refuse_recused(person_id, grounds)
    if person_id in earlier:
        raise ReviewBySamePerson()
    superior = owner_path.rpartition(".")[0] or HEAD_OFFICE_PATH
    if unit_path != superior:
        raise ReviewAtWrongUnit(unit_path=superior)
    return status
