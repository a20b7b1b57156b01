"""States of a complaint and where each may go."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from shared.errors import Fault, StateConflict, Text, ValidationFailed


class ComplaintStatus(StrEnum):
    RECEIVED = "received"
    REGISTERED = "registered"
    IDENTITY_CHECKED = "identity_checked"
    ASSIGNED = "assigned"
    INVESTIGATING = "investigating"
    PAUSED = "paused"
    EXTENDED_30 = "extended_30"
    EXTENDED_60 = "extended_60"
    DECIDED = "decided"
    NOTIFIED = "notified"
    CLOSED = "closed"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    REVIEW_REQUESTED = "review_requested"
    REVIEW_DECIDED = "review_decided"


_S = ComplaintStatus
_ENDS_EARLY = frozenset({_S.MERGED, _S.WITHDRAWN})

NEXT: dict[ComplaintStatus, frozenset[ComplaintStatus]] = {
    _S.RECEIVED: frozenset({_S.REGISTERED}) | _ENDS_EARLY,
    _S.REGISTERED: frozenset({_S.IDENTITY_CHECKED}) | _ENDS_EARLY,
    _S.IDENTITY_CHECKED: frozenset({_S.ASSIGNED}) | _ENDS_EARLY,
    _S.ASSIGNED: frozenset({_S.INVESTIGATING}) | _ENDS_EARLY,
    _S.INVESTIGATING: frozenset({_S.PAUSED, _S.EXTENDED_30, _S.DECIDED}) | _ENDS_EARLY,
    # A pause ends where it began: in the state the complaint had before.
    _S.PAUSED: frozenset({_S.INVESTIGATING, _S.EXTENDED_30, _S.EXTENDED_60}) | _ENDS_EARLY,
    _S.EXTENDED_30: frozenset({_S.PAUSED, _S.EXTENDED_60, _S.DECIDED}) | _ENDS_EARLY,
    _S.EXTENDED_60: frozenset({_S.PAUSED, _S.DECIDED}) | _ENDS_EARLY,
    # A lead has nobody to tell: it is closed as soon as it is decided.
    _S.DECIDED: frozenset({_S.NOTIFIED, _S.CLOSED}),
    # The complainant's right to a review begins with the decision in his hands, not with our closing of the file.
    _S.NOTIFIED: frozenset({_S.CLOSED, _S.REVIEW_REQUESTED}),
    _S.CLOSED: frozenset({_S.REVIEW_REQUESTED}),
    _S.REVIEW_REQUESTED: frozenset({_S.REVIEW_DECIDED}),
    _S.REVIEW_DECIDED: frozenset(),
    _S.MERGED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}


def advance(current: ComplaintStatus, to: ComplaintStatus) -> ComplaintStatus:
    """`to`, if a complaint may go there from `current`; otherwise `StateConflict` (409) with the legal moves."""
    if to not in NEXT[current]:
        moves = [str(status) for status in ComplaintStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


def restarted(current: ComplaintStatus) -> ComplaintStatus:
    """The state when new facts restart the period: a longer period is over, the investigation goes on.

    Refuses (409) where nothing is being looked into any more. A pause lasts: see `paused_from`.
    """
    if _S.WITHDRAWN not in NEXT[current]:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in _S if one in NEXT[current]])
    return _S.INVESTIGATING if current in (_S.EXTENDED_30, _S.EXTENDED_60) else current


def check_merge(complaint_id: UUID, kept_id: UUID, current: ComplaintStatus, kept: ComplaintStatus) -> ComplaintStatus:
    """The state of a complaint merged into a live one; it stays in every count. Itself 422, a finished one 409."""
    if complaint_id == kept_id:
        text = Text("不能与自身合并。", "A complaint is not merged into itself.")
        raise ValidationFailed(Fault("merged_into_itself", text, pointer="#/into"))
    status = advance(current, ComplaintStatus.MERGED)
    if _S.MERGED not in NEXT[kept]:
        raise StateConflict(current_state=str(kept), legal_moves=[])
    return status
