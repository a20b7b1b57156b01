"""Comparing a policy with what the core says of it, and who may resolve a difference how. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from services.policy.policy.rules import ItemKind, gaps
from shared.clock import at_midnight
from shared.errors import Conflict, StateConflict, Text


class ResolutionOutcome(StrEnum):
    RESEND = "resend"
    ACCEPT_CORE = "accept_core"
    ACCEPT_OURS = "accept_ours"
    EXPLAINED = "explained"


@dataclass(frozen=True)
class Stored:
    """One version as it is stored here. `ended_at`, `status`: as the version states them."""

    number: int
    created_at: datetime
    status: str
    ended_at: datetime | None
    ends_at: datetime
    premium: Decimal


@dataclass(frozen=True)
class Stated:
    """One line of the core's comparison. Amounts in yuan: the premium after the newest change, and all claims paid."""

    core_version: int
    status: str
    premium_total: Decimal
    claims_paid_total: Decimal


@dataclass(frozen=True)
class Difference:
    kind: ItemKind
    ours: dict[str, Any]
    theirs: dict[str, Any]


def end_of(day: date) -> datetime:
    """The first instant after a day of Asia/Shanghai."""
    return at_midnight(day + timedelta(days=1))


def differences(stored: Sequence[Stored], paid: Decimal, theirs: Stated, as_of: date) -> list[Difference]:
    """Everything in which the two sides differ at the end of `as_of`, the cause before its consequences.

    A version stored here after that day is no difference. Where the newest version itself differs, its status and
    premium follow from that and are not named beside it. `stored` is not empty.
    """
    until = end_of(as_of)
    found = _versions(stored, theirs, until)
    if not found:
        held = next(one for one in stored if one.number == theirs.core_version)
        found += _contents(held, theirs, until)
    if paid != theirs.claims_paid_total:
        sides = ({"claims_paid_total": str(paid)}, {"claims_paid_total": str(theirs.claims_paid_total)})
        found.append(Difference(ItemKind.CLAIMS_PAID, *sides))
    missing = gaps([one.number for one in stored])
    if missing:
        found.append(Difference(ItemKind.VERSION_GAP, {"missing": missing}, {"core_version": theirs.core_version}))
    return found


def _versions(stored: Sequence[Stored], theirs: Stated, until: datetime) -> list[Difference]:
    numbers = {one.number for one in stored}
    newest = max((one.number for one in stored if one.created_at < until), default=0)
    if theirs.core_version in numbers and newest <= theirs.core_version:
        return []
    sides = ({"policy_version": max(newest, 0) or max(numbers)}, {"core_version": theirs.core_version})
    return [Difference(ItemKind.VERSION, *sides)]


def _contents(held: Stored, theirs: Stated, until: datetime) -> list[Difference]:
    found = []
    status = status_told(held, until)
    if status != theirs.status:
        found.append(Difference(ItemKind.STATUS, {"status": status}, {"status": theirs.status}))
    if held.premium != theirs.premium_total:
        sides = ({"premium_total": str(held.premium)}, {"premium_total": str(theirs.premium_total)})
        found.append(Difference(ItemKind.PREMIUM, *sides))
    return found


def status_told(held: Stored, until: datetime) -> str:
    """The status in the core's words: whatever was not ended before is `in_force` until its term is over."""
    if held.status in ("cancelled", "rescinded"):
        return held.status
    return "expired" if held.status == "expired" or held.ends_at < until else "in_force"


_ASK_THE_CORE = frozenset({ItemKind.UNKNOWN_HERE, ItemKind.VERSION_GAP, ItemKind.PENDING_REFERENCE})
_KEPT_HERE = frozenset({ItemKind.CLAIMS_PAID, ItemKind.OWNED_HERE})


class NothingToSend(Conflict):
    code = "nothing_to_send"
    title = Text("没有可重发的内容", "There is nothing to send")
    detail = Text("缺少的内容在核心系统一方，须由其补发。", "What is missing is the core's: it has to send it.")


class MasterDecides(Conflict):
    """Member: `master`, `core` or `anlan`."""

    code = "master_decides"
    title = Text("以主管系统为准", "The master's word stands")
    detail = Text("该项数据由 {master} 主管，以其记载为准。", "{master} is master of this; its word stands.")


def resolve(status: str, kind: ItemKind, outcome: ResolutionOutcome, made_here: bool) -> str:
    """The status of a resolved item. Refuses (409) what is resolved, what cannot be sent, and a side that is not
    master: claims paid, acknowledgements and policies made here are this side's, other policies the core's."""
    if status != "open":
        raise StateConflict(current_state=status, legal_moves=[])
    if outcome is ResolutionOutcome.RESEND and kind in _ASK_THE_CORE:
        raise NothingToSend()
    master = "anlan" if made_here or kind in _KEPT_HERE else "core"
    if outcome is ResolutionOutcome.ACCEPT_CORE and master == "anlan":
        raise MasterDecides(master=master)
    if outcome is ResolutionOutcome.ACCEPT_OURS and master == "core":
        raise MasterDecides(master=master)
    return "resolved"


def agrees_with(kind: str, found: Sequence[Difference]) -> bool:
    """Whether an open item of this kind is over, because the newest comparison does not find it any more."""
    compared = {ItemKind.VERSION, ItemKind.VERSION_GAP, ItemKind.STATUS, ItemKind.PREMIUM, ItemKind.CLAIMS_PAID}
    compared |= {ItemKind.UNKNOWN_HERE, ItemKind.UNKNOWN_THERE}
    return kind in compared and all(one.kind != kind for one in found)
