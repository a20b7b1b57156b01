"""Hazards: rated by likelihood, exposure and consequence, told in writing, followed up until they are gone.

保险法 art. 51: the insurer may inspect and gives its advice in writing. Sets, boundaries and days are data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shared.errors import (
    Conflict,
    Fault,
    OccurredInFuture,
    ReasonRequired,
    Refused,
    StateConflict,
    Text,
    ValidationFailed,
)


class HazardStatus(StrEnum):
    FOUND = "found"
    RATED = "rated"
    NOTICE_SERVED = "notice_served"
    RECTIFYING = "rectifying"
    CLAIMED_DONE = "claimed_done"
    REINSPECTED = "reinspected"
    CLOSED = "closed"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    TERMS_CHANGED = "terms_changed"
    CANCEL_COVER = "cancel_cover"


_S = HazardStatus

NEXT: dict[HazardStatus, frozenset[HazardStatus]] = {
    _S.FOUND: frozenset({_S.RATED}),
    _S.RATED: frozenset({_S.NOTICE_SERVED}),
    _S.NOTICE_SERVED: frozenset({_S.RECTIFYING}),
    _S.RECTIFYING: frozenset({_S.CLAIMED_DONE, _S.OVERDUE}),
    _S.CLAIMED_DONE: frozenset({_S.REINSPECTED}),
    # A second look may find that the hazard is still there.
    _S.REINSPECTED: frozenset({_S.CLOSED, _S.RECTIFYING}),
    # A customer who cures the hazard late has still cured it.
    _S.OVERDUE: frozenset({_S.ESCALATED, _S.CLAIMED_DONE}),
    _S.ESCALATED: frozenset({_S.RECTIFYING, _S.CLAIMED_DONE, _S.TERMS_CHANGED, _S.CANCEL_COVER}),
    _S.TERMS_CHANGED: frozenset({_S.CLAIMED_DONE}),
    _S.CANCEL_COVER: frozenset(),
    _S.CLOSED: frozenset(),
}


def moves(current: HazardStatus, *, compulsory: bool) -> list[HazardStatus]:
    """Where a hazard may go; compulsory cover is never cancelled over one."""
    return [
        status
        for status in HazardStatus
        if status in NEXT[current] and not (compulsory and status is HazardStatus.CANCEL_COVER)
    ]


def advance(current: HazardStatus, to: HazardStatus, *, compulsory: bool = False) -> HazardStatus:
    """`to`, if a hazard may go there from `current`; otherwise `StateConflict` (409) with the legal moves."""
    legal = moves(current, compulsory=compulsory)
    if to not in legal:
        raise StateConflict(current_state=str(current), legal_moves=[str(status) for status in legal])
    return to


class HazardClass(StrEnum):
    EXTREME = "extreme"
    HIGH = "high"
    SIGNIFICANT = "significant"
    GENERAL = "general"
    SLIGHT = "slight"


@dataclass(frozen=True)
class ClassBound:
    """One class, its lower bound (inclusive or not) and the days given to cure it."""

    name: HazardClass
    bound: Decimal
    inclusive: bool
    rectify_days: int

    def holds(self, score: Decimal) -> bool:
        return score >= self.bound if self.inclusive else score > self.bound


@dataclass(frozen=True)
class Scoring:
    """Allowed values and class boundaries (highest first) of the rule set `thresholds`, section `hazard`."""

    likelihood: frozenset[Decimal]
    exposure: frozenset[Decimal]
    consequence: frozenset[Decimal]
    classes: tuple[ClassBound, ...]


def read_scoring(content: Mapping[str, Any]) -> Scoring:
    """The section `hazard` as value objects; a class states exactly one of `from` and `above`."""
    classes = tuple(
        ClassBound(
            HazardClass(one["class"]),
            Decimal(one["from"] if "from" in one else one["above"]),
            "from" in one,
            one["rectify_days"],
        )
        for one in content["classes"]
    )
    likelihood, exposure, consequence = (
        frozenset(Decimal(value) for value in content[name]) for name in ("likelihood", "exposure", "consequence")
    )
    return Scoring(likelihood, exposure, consequence, classes)


@dataclass(frozen=True)
class Rating:
    """The score D = L × E × C, its class and the days to cure it."""

    score: Decimal
    hazard_class: HazardClass
    rectify_days: int


def rate(likelihood: Decimal, exposure: Decimal, consequence: Decimal, scoring: Scoring) -> Rating:
    """Rate a hazard; values outside the sets are refused together (422)."""
    given = {"likelihood": likelihood, "exposure": exposure, "consequence": consequence}
    faults = []
    for name, value in given.items():
        allowed: frozenset[Decimal] = getattr(scoring, name)
        if value not in allowed:
            listed = ", ".join(str(one) for one in sorted(allowed, reverse=True))
            text = Text(f"取值须为 {listed} 之一。", f"The value must be one of {listed}.")
            faults.append(Fault("value_not_in_set", text, pointer=f"#/{name}"))
    if faults:
        raise ValidationFailed(*faults)
    score = likelihood * exposure * consequence
    found = next(bound for bound in scoring.classes if bound.holds(score))
    return Rating(score, found.name, found.rectify_days)


class PmlCommentRequired(Refused):
    """Member: `probable_maximum_loss` (yuan)."""

    code = "pml_comment_required"
    title = Text("须说明最大可能损失", "The probable maximum loss needs a comment")
    detail = Text(
        "一次事故最大可能损失为零或超过保险限额的，须加以说明。",
        "A probable maximum loss of zero or above the insured limit needs a comment.",
    )


def check_pml(pml: Decimal, insured_limit: Decimal | None, comment: str) -> None:
    """Refuse (422) a negative figure, and zero or one above the limit without comment; no limit is no limit. Yuan."""
    if pml < 0:
        text = Text("金额不能为负。", "The amount is negative.")
        raise ValidationFailed(Fault("amount_negative", text, pointer="#/probable_maximum_loss"))
    unusual = pml == 0 or (insured_limit is not None and pml > insured_limit)
    if unusual and not comment.strip():
        fault = Fault(PmlCommentRequired.code, PmlCommentRequired.detail, pointer="#/comment")
        raise PmlCommentRequired(fault, probable_maximum_loss=pml)


def refuse_noticed(current: HazardStatus, noticed: bool) -> None:
    """Refuse (409) rating anew what the customer was told in writing."""
    if noticed or current is not HazardStatus.RATED:
        raise StateConflict(current_state=str(current), legal_moves=[])


def due_on(served_on: date, rectify_days: int) -> date:
    """The last day to cure a hazard; the day of service is not counted."""
    return served_on + timedelta(days=rectify_days)


def check_notice(hazards: Sequence[tuple[str, HazardStatus]]) -> None:
    """Refuse (422) a notice without hazards, and (409) one about a hazard that is not just rated."""
    if not hazards:
        text = Text("整改意见书须列明隐患。", "A notice names its hazards.")
        raise ValidationFailed(Fault("hazards_required", text, pointer="#/hazard_ids"))
    for _, status in hazards:
        advance(status, HazardStatus.NOTICE_SERVED)


class ReceiptRequired(Refused):
    code = "receipt_required"
    title = Text("须有签收回执", "A receipt is needed")
    detail = Text(
        "整改意见须书面送达并留存回执；口头告知无效。",
        "Advice is served in writing with a receipt; word of mouth is not enough.",
    )


def serve_notice(
    current: HazardStatus,
    served_at: datetime | None,
    method: str,
    receipt_id: str | None,
    *,
    issued_at: datetime,
    now: datetime,
) -> HazardStatus:
    """The state after service: the customer is now curing the hazard.

    Refuses (422) a service without time, method or receipt, by word of mouth, in the future or before the notice.
    """
    if served_at is None or not receipt_id or method.strip() in ("", "oral"):
        raise ReceiptRequired()
    if served_at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/at"))
    if served_at < issued_at:
        text = Text("送达时间早于意见书出具时间。", "The service lies before the notice.")
        raise ValidationFailed(Fault("served_before_issue", text, pointer="#/at"))
    return advance(advance(current, HazardStatus.NOTICE_SERVED), HazardStatus.RECTIFYING)


def follow_up(current: HazardStatus, due: date, today: date) -> HazardStatus:
    """The state as of `today`: overdue from the day after `due`, while the customer is still curing."""
    if current is HazardStatus.RECTIFYING and today > due:
        return advance(current, HazardStatus.OVERDUE)
    return current


class ExtensionUsed(Conflict):
    code = "extension_used"
    title = Text("整改期限只能延长一次", "The period was extended already")
    detail = Text(
        "该隐患的整改期限已延长过一次。", "The period to cure this hazard was extended once; there is no second time."
    )


def extend(current: HazardStatus, extensions: int, due: date, new_due: date, reason: str) -> HazardStatus:
    """The state after the one extension: curing again, until `new_due`.

    Refuses a second one (409), a wrong state (409), a day that is not later (422) and a missing reason (422).
    """
    if extensions:
        raise ExtensionUsed()
    if current not in (HazardStatus.RECTIFYING, HazardStatus.ESCALATED):
        legal = [str(status) for status in moves(current, compulsory=False)]
        raise StateConflict(current_state=str(current), legal_moves=legal)
    if new_due <= due:
        text = Text("新期限须晚于原期限。", "The new day must be later than the present one.")
        raise ValidationFailed(Fault("due_not_later", text, pointer="#/due_on"))
    if not reason.strip():
        text = Text("延期须说明原因。", "An extension needs a reason.")
        raise ReasonRequired(Fault(ReasonRequired.code, text, pointer="#/reason"))
    return HazardStatus.RECTIFYING


class EvidenceRequired(Refused):
    code = "evidence_required"
    title = Text("须有复查证据", "Evidence is needed")
    detail = Text("没有复查证据的隐患不能销号。", "A hazard is not closed without evidence of re-inspection.")


def close(current: HazardStatus, evidence_ids: Collection[str]) -> HazardStatus:
    """The state of a closed hazard; without evidence 422 in every state, otherwise only after re-inspection (409)."""
    if not any(one.strip() for one in evidence_ids):
        raise EvidenceRequired()
    return advance(current, HazardStatus.CLOSED)


def worst(classes: Iterable[HazardClass]) -> HazardClass | None:
    """The gravest class of an inspection, or `None` without hazards."""
    found = set(classes)
    return next((one for one in HazardClass if one in found), None)
