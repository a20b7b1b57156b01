"""Which letter a complaint in which state allows. Pure."""

from __future__ import annotations

from enum import StrEnum

from services.complaints.complaint.rules import ComplaintStatus
from shared.errors import Conflict, Refused, Text


class LetterKind(StrEnum):
    """`period`: a longer, paused or restarted period."""

    ACCEPTANCE = "acceptance"
    PERIOD = "period"
    REPLY = "reply"
    REVIEW_REPLY = "review_reply"


_S = ComplaintStatus
_AFTER_DECISION = frozenset({_S.DECIDED, _S.NOTIFIED, _S.CLOSED, _S.REVIEW_REQUESTED, _S.REVIEW_DECIDED})
REMEDIES = {
    "review": "自收到本决定之日起三十日内，向上级机构书面申请核查",
    "mediation": "向保险纠纷调解组织申请调解",
    "arbitration": "依照合同约定申请仲裁",
    "litigation": "向人民法院提起诉讼",
}
"""What a reply says about each remedy; the days are those of the rule of 2020, art. 20."""


class LetterUnknown(Refused):
    """Member: `kind`."""

    code = "letter_unknown"
    title = Text("没有该种函件", "There is no such letter")
    detail = Text("投诉没有 {kind} 函件。", "A complaint has no letter of the kind {kind}.")


class LetterNotDue(Conflict):
    """Members: `kind` (`*`: none at all), `current_state`."""

    code = "letter_not_due"
    title = Text("尚不能出具该函件", "This letter cannot be issued now")
    detail = Text(
        "投诉状态为 {current_state}，不能出具 {kind} 函件。", "The complaint is {current_state}: no {kind} letter."
    )


class NobodyToWriteTo(Conflict):
    code = "nobody_to_write_to"
    title = Text("匿名线索无收件人", "There is nobody to write to")
    detail = Text("匿名投诉作为线索处理，无收件人。", "An anonymous complaint is a lead: there is nobody to write to.")


def refuse_unwritten(status: ComplaintStatus, lead: bool) -> None:
    """Refuse (409) any letter of a lead, and of a complaint that ended early."""
    if lead:
        raise NobodyToWriteTo()
    if status in (_S.MERGED, _S.WITHDRAWN):
        raise LetterNotDue(kind="*", current_state=str(status))


def may_issue(kind: str, status: ComplaintStatus, lead: bool) -> LetterKind:
    """The letter of this kind. Refuses an unknown kind (422), a lead (409) and one whose time has not come (409)."""
    if kind not in set(LetterKind):
        raise LetterUnknown(kind=kind)
    refuse_unwritten(status, lead)
    named = LetterKind(kind)
    if named is LetterKind.REPLY:
        due = status in _AFTER_DECISION
    elif named is LetterKind.REVIEW_REPLY:
        due = status is _S.REVIEW_DECIDED
    else:
        due = status not in _AFTER_DECISION
    if not due:
        raise LetterNotDue(kind=kind, current_state=str(status))
    return named
