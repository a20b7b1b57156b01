"""States of a policy, and what its status is at a moment."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.errors import StateConflict


class PolicyStatus(StrEnum):
    ISSUED = "issued"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RESCINDED = "rescinded"
    EXHAUSTED = "exhausted"


_S = PolicyStatus

NEXT: dict[PolicyStatus, frozenset[PolicyStatus]] = {
    # A contract may be cancelled or rescinded before its cover begins.
    _S.ISSUED: frozenset({_S.IN_FORCE, _S.CANCELLED, _S.RESCINDED}),
    _S.IN_FORCE: frozenset({_S.EXPIRED, _S.CANCELLED, _S.RESCINDED, _S.EXHAUSTED}),
    # A reopened or corrected claim gives back what it had used up.
    _S.EXHAUSTED: frozenset({_S.IN_FORCE, _S.EXPIRED, _S.CANCELLED, _S.RESCINDED}),
    # The ground of a rescission may come to light after the end.
    _S.EXPIRED: frozenset({_S.RESCINDED}),
    _S.CANCELLED: frozenset({_S.RESCINDED}),
    _S.RESCINDED: frozenset(),
}


def advance(current: PolicyStatus, to: PolicyStatus) -> PolicyStatus:
    """`to`, if a policy may go there from `current`; otherwise `StateConflict` (409) with the legal moves."""
    if to not in NEXT[current]:
        moves = [str(status) for status in PolicyStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


def status_at(
    moment: datetime,
    *,
    starts_at: datetime,
    ends_at: datetime,
    stated: PolicyStatus = PolicyStatus.IN_FORCE,
    ended_at: datetime | None = None,
    exhausted: bool = False,
) -> PolicyStatus:
    """The status at `moment` by the clock: cover runs in [starts_at, ends_at), a cancellation from `ended_at` on.

    `stated` is what the version says: a cancelled or rescinded policy is that only from `ended_at` on.
    """
    ended = ended_at is not None and moment >= ended_at
    if stated in (PolicyStatus.CANCELLED, PolicyStatus.RESCINDED) and (ended or ended_at is None):
        return stated
    if moment < starts_at:
        return PolicyStatus.ISSUED
    if moment >= ends_at or ended:
        return PolicyStatus.EXPIRED
    return PolicyStatus.EXHAUSTED if exhausted else PolicyStatus.IN_FORCE
