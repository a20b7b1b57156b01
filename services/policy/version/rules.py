"""Whether a version may be appended to a policy, and from when it holds. Pure."""

from __future__ import annotations

from datetime import datetime

from services.policy.policy.rules import PolicyStatus, advance
from shared.clock import rfc3339
from shared.errors import Conflict, OccurredInFuture, Refused, Text


class MasteredByCore(Conflict):
    """Member: `policy_no`. Its versions are made by the core system and come from there."""

    code = "mastered_by_core"
    title = Text("该保单由核心系统出具", "The core system issues this policy")
    detail = Text(
        "保单 {policy_no} 由核心系统出具和批改，请等待其同步。",
        "Policy {policy_no} is issued and changed by the core system; its versions come from there.",
    )


class EffectiveInPast(Refused):
    """Member: `earliest_at`."""

    code = "effective_in_past"
    title = Text("生效时间已过", "A moment that has passed")
    detail = Text("生效时间不得早于 {earliest_at}。", "It cannot take effect before {earliest_at}.")


class OutsideTerm(Refused):
    """Members: `starts_at`, `ends_at`."""

    code = "outside_term"
    title = Text("超出保险期间", "Outside the period of insurance")
    detail = Text("保险期间为 {starts_at} 至 {ends_at}。", "The period of insurance is {starts_at} to {ends_at}.")


class LaterVersionExists(Conflict):
    """Member: `effective_at` of the latest version: what is agreed for later is not silently taken back."""

    code = "later_version_exists"
    title = Text("已有更晚生效的批改", "A later change is agreed already")
    detail = Text(
        "已有自 {effective_at} 起生效的版本，新的批改不得早于该时间。",
        "A version takes effect at {effective_at}; a new one cannot take effect before it.",
    )


class EndAgreed(Conflict):
    """Member: `ended_at`."""

    code = "end_agreed"
    title = Text("保单已约定终止", "The policy is ending")
    detail = Text(
        "保单自 {ended_at} 起终止，不能再批改。", "The policy ends at {ended_at} and is not changed any more."
    )


def refuse_foreign(policy_no: str, *, made_here: bool) -> None:
    """Refuse (409) to make a version of what another system masters."""
    if not made_here:
        raise MasteredByCore(policy_no=policy_no)


def endorse_at(
    asked: datetime | None, now: datetime, *, starts_at: datetime, ends_at: datetime, latest_at: datetime,
    status: PolicyStatus, ended_at: datetime | None,
) -> datetime:  # fmt: skip
    """From when a change holds: the moment asked for, else now or the beginning of cover if that is later.

    Refused: a past moment (422), one outside the term (422), one before a version that is agreed already (409), a
    policy that ended (409) or is to end (409).
    """
    if status not in (PolicyStatus.ISSUED, PolicyStatus.IN_FORCE, PolicyStatus.EXHAUSTED):
        advance(status, PolicyStatus.IN_FORCE)
    if ended_at is not None:
        raise EndAgreed(ended_at=rfc3339(ended_at))
    at = max(now, starts_at, latest_at) if asked is None else asked
    if at < now:
        raise EffectiveInPast(earliest_at=rfc3339(now))
    if not starts_at <= at < ends_at:
        raise OutsideTerm(starts_at=rfc3339(starts_at), ends_at=rfc3339(ends_at))
    if at < latest_at:
        raise LaterVersionExists(effective_at=rfc3339(latest_at))
    return at


def end_at(
    received_at: datetime, named_at: datetime | None, now: datetime, *, ends_at: datetime, status: PolicyStatus
) -> datetime:
    """From when a cancellation holds: the receipt of the notice, or the later moment named in it (保险法 art. 15, 58).

    `status` is that of the policy at that moment. Refused: a notice from the future and a moment before its receipt
    (422), one after the term (422), a policy that ended already (409). Before inception is allowed.
    """
    at = received_at if named_at is None else named_at
    if received_at > now:
        raise OccurredInFuture()
    if at < received_at:
        raise EffectiveInPast(earliest_at=rfc3339(received_at))
    if at >= ends_at:
        raise OutsideTerm(starts_at=rfc3339(received_at), ends_at=rfc3339(ends_at))
    advance(status, PolicyStatus.CANCELLED)
    return at
