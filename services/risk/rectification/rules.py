"""What a rectification notice must name, and which letters it allows. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from services.risk.hazard.rules import HazardClass, HazardStatus
from shared.errors import Conflict, Fault, Refused, Text

CLASS_NAMES = {
    HazardClass.EXTREME: "极其危险",
    HazardClass.HIGH: "高度危险",
    HazardClass.SIGNIFICANT: "显著危险",
    HazardClass.GENERAL: "一般危险",
    HazardClass.SLIGHT: "稍有危险",
}
"""The grades of 作业条件危险性评价法, as a customer reads them."""


class LetterKind(StrEnum):
    """`rectification_notice` is issued with the notice itself; `reminder` when a hazard is overdue."""

    NOTICE = "rectification_notice"
    REMINDER = "rectification_reminder"


class DeadlineRequired(Refused):
    """Member: `hazard_id`."""

    code = "deadline_required"
    title = Text("须写明整改期限", "A period is needed")
    detail = Text("隐患 {hazard_id} 没有整改期限。", "The hazard {hazard_id} has no period to be cured in.")


class DeadlineBeyondClass(Refused):
    """Members: `hazard_id`, `rectify_days` that its class allows."""

    code = "deadline_beyond_class"
    title = Text("整改期限长于该等级", "Longer than the class allows")
    detail = Text(
        "隐患 {hazard_id} 的等级最多给予 {rectify_days} 日。",
        "The class of the hazard {hazard_id} allows {rectify_days} days at most.",
    )


def days_given(hazard_id: str, asked: int | None, by_class: int) -> int:
    """The days to cure a hazard: those of its class, or fewer. Refuses (422) none at all and more than the class."""
    if asked is None:
        return by_class
    pointer = f"#/rectify_days/{hazard_id}"
    if asked < 1:
        raise DeadlineRequired(
            Fault(DeadlineRequired.code, DeadlineRequired.detail, pointer=pointer), hazard_id=hazard_id
        )
    if asked > by_class:
        fault = Fault(DeadlineBeyondClass.code, DeadlineBeyondClass.detail, pointer=pointer)
        raise DeadlineBeyondClass(fault, hazard_id=hazard_id, rectify_days=by_class)
    return asked


class NoticePending(Conflict):
    """Member: `hazard_id`."""

    code = "notice_pending"
    title = Text("该隐患已列入整改意见书", "The hazard stands in a notice already")
    detail = Text("隐患 {hazard_id} 已列入一份整改意见书。", "The hazard {hazard_id} stands in another notice.")


def refuse_pending(hazard_id: str, noticed: bool) -> None:
    """Refuse (409) a second notice about one hazard."""
    if noticed:
        raise NoticePending(hazard_id=hazard_id)


class NoticeServedAlready(Conflict):
    """Member: `served_at`."""

    code = "notice_served_already"
    title = Text("整改意见书已送达", "The notice was served already")
    detail = Text("该意见书已于 {served_at} 送达。", "This notice was served at {served_at}.")


def refuse_served(served_at: datetime | None) -> None:
    """Refuse (409) a second receipt: the periods run from the first."""
    if served_at is not None:
        raise NoticeServedAlready(served_at=served_at.isoformat(timespec="seconds"))


class LetterUnknown(Refused):
    """Member: `kind`."""

    code = "letter_unknown"
    title = Text("没有该种函件", "There is no such letter")
    detail = Text("整改意见书没有 {kind} 函件。", "A rectification notice has no letter of the kind {kind}.")


class LetterNotDue(Conflict):
    """Member: `kind`."""

    code = "letter_not_due"
    title = Text("尚不能出具该函件", "This letter cannot be issued now")
    detail = Text("目前不能出具 {kind} 函件。", "There is no {kind} letter at present.")


def may_issue(kind: str, statuses: Collection[HazardStatus]) -> LetterKind:
    """Refuse (422) an unknown kind, and (409) the notice again and a reminder while no hazard is overdue."""
    if kind not in set(LetterKind):
        raise LetterUnknown(kind=kind)
    overdue = {HazardStatus.OVERDUE, HazardStatus.ESCALATED, HazardStatus.TERMS_CHANGED} & set(statuses)
    if kind == LetterKind.NOTICE or not overdue:
        raise LetterNotDue(kind=kind)
    return LetterKind(kind)
