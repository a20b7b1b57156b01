"""Which letter a claim in which state allows."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from services.claims.agreement.rules import NOTICE_OF, TOLD_IN, NoticeKind
from services.claims.claim.rules import ClaimStatus, Outcome
from shared.errors import Conflict, Refused, Text


class LetterKind(StrEnum):
    """`result`: paid in full; `refusal`, `partial`, `zero`: the other results."""

    GUIDE = "guide"
    SUPPLEMENT = "supplement"
    RESULT = "result"
    REFUSAL = "refusal"
    PARTIAL = "partial"
    ZERO = "zero"
    CLOSING = "closing"


TELLS: dict[LetterKind, NoticeKind] = {
    LetterKind.RESULT: NoticeKind.PAY,
    LetterKind.REFUSAL: NoticeKind.REFUSE,
    LetterKind.PARTIAL: NoticeKind.PARTIAL,
    LetterKind.ZERO: NoticeKind.ZERO,
}
"""Letters whose receipt is the service of the notice of the result."""

CLOSED = frozenset({ClaimStatus.CLOSED, ClaimStatus.ARCHIVED})


class LetterUnknown(Refused):
    """Member: `kind`."""

    code = "letter_unknown"
    title = Text("没有该种函件", "There is no such letter")
    detail = Text("赔案没有 {kind} 函件。", "A claim has no letter of the kind {kind}.")


class LetterNotDue(Conflict):
    """Members: `kind`, `current_state`."""

    code = "letter_not_due"
    title = Text("尚不能出具该函件", "This letter cannot be issued now")
    detail = Text(
        "赔案状态为 {current_state}，不能出具 {kind} 函件。", "The claim is {current_state}: no {kind} letter."
    )


def kind_of(kind: str) -> LetterKind:
    """The kind named. Raises `LetterUnknown` (422)."""
    if kind not in set(LetterKind):
        raise LetterUnknown(kind=kind)
    return LetterKind(kind)


def may_issue(kind: LetterKind, status: ClaimStatus, outcome: Outcome | None, supplement_at: datetime | None) -> None:
    """Refuse (409) the letter of another result than the one decided, a supplement notice that was not served, and a
    closing letter of a claim that is not closed."""
    if kind in TELLS:
        told = status in TOLD_IN | CLOSED and outcome is not None and NOTICE_OF.get(outcome) is TELLS[kind]
    elif kind is LetterKind.SUPPLEMENT:
        told = supplement_at is not None
    elif kind is LetterKind.CLOSING:
        told = status in CLOSED
    else:
        told = status is not ClaimStatus.CANCELLED
    if not told:
        raise LetterNotDue(kind=str(kind), current_state=str(status))
