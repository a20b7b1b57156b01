"""Decision and review: at the branch or above, by somebody without interest, saying all that a reply must say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
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


@dataclass(frozen=True)
class ReplyQuality:
    """What a reply is checked for: words that say nothing, lengths in characters, remedies it has to name."""

    required_remedies: Collection[str] = ()
    forbidden: Collection[str] = ()
    minimum_length: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_content(cls, content: Mapping[str, Any], _version: str = "") -> ReplyQuality:
        return cls(tuple(content["required_remedies"]), tuple(content["forbidden"]), dict(content["minimum_length"]))


def check_quality(given: Decision, wanted: ReplyQuality) -> None:
    """Refuse (422), all at once, a reply that answers nothing: too short, with empty words, without its remedies."""
    parts = {"findings": given.findings, "basis": given.basis, "reasons": given.reasons}
    faults = []
    for name, part in parts.items():
        least = wanted.minimum_length.get(name, 0)
        if len("".join(part.split())) < least:
            text = Text(f"该项至少 {least} 个字。", f"This part has at least {least} characters.")
            faults.append(Fault("reply_too_short", text, pointer=f"#/{name}"))
        empty = [word for word in wanted.forbidden if word in part]
        if empty:
            text = Text("答复不得以空话代替说明。", "A reply explains and does not put off.")
            faults.append(Fault("reply_says_nothing", text, pointer=f"#/{name}", members={"words": empty}))
    for remedy in wanted.required_remedies:
        if remedy not in given.remedies:
            text = Text("须告知可申请核查。", "The reply names this remedy.")
            faults.append(Fault("remedy_required", text, pointer="#/remedies", members={"remedy": remedy}))
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
