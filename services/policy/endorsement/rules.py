"""Whether an approved change may be made, and what the insured list is afterwards. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from shared.clock import at_midnight
from shared.errors import Conflict, Refused, StateConflict, Text

READY = ("approved", "confirmed")
PENDING = "finance_pending"


class InsuredNotListed(Refused):
    """Member: `refs`."""

    code = "insured_not_listed"
    title = Text("被保险人不在名单上", "Not on the insured list")
    detail = Text("名单上没有：{refs}。", "The list has no {refs}.")


class InsuredListedAlready(Conflict):
    """Member: `refs`."""

    code = "insured_listed_already"
    title = Text("被保险人已在名单上", "On the insured list already")
    detail = Text("名单上已有：{refs}。", "The list has {refs} already.")


class NothingChanges(Refused):
    code = "nothing_changes"
    title = Text("没有批改内容", "Nothing changes")
    detail = Text("该批改未改变保险责任、期间或名单。", "Neither cover nor period nor list would change.")


class NobodyLeft(Conflict):
    code = "nobody_left"
    title = Text("名单上不再有被保险人", "Nobody would be left on the list")
    detail = Text("不能移除全部被保险人；请办理退保。", "Everybody would leave: cancel the policy instead.")


BARE = frozenset({"policyholder_data", "risk_increase", "other"})
"""Kinds of change that need no other cover, period or list to be one."""


def refuse_idle(kind: str | None, *, changes: bool) -> None:
    """Refuse (422) a change of cover, period or list that changes none of them."""
    if not changes and kind not in BARE:
        raise NothingChanges()


def may_endorse(kind: str, status: str) -> None:
    """Refuse (409) to make a change that is not approved, or was made already."""
    if kind != "endorsement" or status not in READY:
        raise StateConflict(current_state=status, legal_moves=[])


def moment(effective_on: date | None, today: date) -> datetime | None:
    """From when: the beginning of a later day; today and no day at all mean at once. A past day is that past moment,
    so that it is refused as such."""
    return None if effective_on is None or effective_on == today else at_midnight(effective_on)


def merge(listed: Iterable[str], added: Collection[str], removed: Collection[str]) -> None:
    """Refuse to remove somebody who is not there (422), to add somebody who is, or to remove everybody (409)."""
    known = set(listed)
    unknown = sorted(set(removed) - known)
    if unknown:
        raise InsuredNotListed(refs=", ".join(unknown))
    twice = sorted(set(added) & (known - set(removed)))
    if twice:
        raise InsuredListedAlready(refs=", ".join(twice))
    if removed and not (known - set(removed)) | set(added):
        raise NobodyLeft()
