"""When there is recovery, what comes in, and when it may be waived.

保险法 art. 60: the insurer who paid takes the place of the insured towards the third party. Art. 46: never for the
death or disability of an insured person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from services.claims.claim.rules import ClaimStatus, Duty, Held, Line, legal_moves, refuse_to_take
from services.claims.side.rules import Side, SideKind, Sides, SideStatus, advance_side, check_amount, refuse_second
from shared.actor import Actor
from shared.errors import Conflict, Fault, OccurredInFuture, Refused, StateConflict, Text

PERSONAL = frozenset({"death", "disability"})
"""Kinds of loss of an insured person for which the law knows no recovery."""

_TOO_EARLY = frozenset({ClaimStatus.REPORTED, ClaimStatus.DISPATCHED, ClaimStatus.SURVEYED, ClaimStatus.CANCELLED})


class RecoveryForbidden(Conflict):
    code = "recovery_forbidden"
    title = Text("人身保险不得追偿", "No recovery under personal accident")
    detail = Text(
        "被保险人死亡、伤残的，保险人给付后不享有向第三者追偿的权利（保险法第四十六条）。",
        "For the death or disability of an insured person the insurer takes no recourse (保险法 art. 46).",
    )


class RecoveryExceeded(Refused):
    """Members: `amount`, `left` (yuan)."""

    code = "recovery_exceeded"
    title = Text("超过应追偿金额", "More than is to be recovered")
    detail = Text("到账 {amount} 元超过尚待追偿的 {left} 元。", "{amount} came in, {left} is left to recover.")


def may_open(status: ClaimStatus, line: str | None, duties: Iterable[Held], actor: Actor, sides: Sides) -> None:
    """Refuse (403) who surveyed or approved; (409) before registration, and for an insured person's death or
    disability. Under personal accident, what the losses are must be known first."""
    refuse_to_take(duties, actor, Duty.ADJUSTER)
    if status in _TOO_EARLY:
        raise StateConflict(current_state=str(status), legal_moves=legal_moves(status))
    if line == Line.ACCIDENT and (not sides.assessed or sides.loss_kinds & PERSONAL):
        raise RecoveryForbidden()


def may_waive(sides: Sides, found: Side | None) -> None:
    """Refuse (409) a waiver while another is being decided, and of a recovery that is over."""
    refuse_second(sides, SideKind.RECOVERY)
    if found is not None:
        advance_side(found.status, SideStatus.REQUESTED)


def check_recovery(amount: Decimal) -> None:
    """Refuse (422) an amount of nothing."""
    check_amount(amount)


def receive(side: Side, amount: Decimal, received: Decimal, at: datetime, now: datetime) -> SideStatus:
    """The state after `amount` yuan came in: `recovered` with the last of it.

    Refused: a recovery that is waived, over or being decided (409), an amount of nothing or beyond what is left, a
    time in the future (422).
    """
    status = advance_side(side.status, SideStatus.RECOVERED)
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/received_at"))
    check_amount(amount)
    left = side.amount - received
    if amount > left:
        fault = Fault(RecoveryExceeded.code, RecoveryExceeded.detail, pointer="#/amount")
        raise RecoveryExceeded(fault, amount=amount, left=left)
    return status if amount == left else side.status
