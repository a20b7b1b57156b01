"""When an advance may be asked for, and how much.

保险法 art. 25: where the amount is not fixed 60 days after the request with its papers, what can be ascertained is
paid first.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from services.claims.claim.rules import BEFORE_DECISION, ClaimStatus, Duty, Held, legal_moves, refuse_to_take
from services.claims.side.rules import SideKind, Sides, check_amount, refuse_second
from shared.actor import Actor
from shared.errors import Conflict, Fault, Refused, StateConflict, Text
from shared.money import ZERO

OPEN = BEFORE_DECISION - {ClaimStatus.REPORTED, ClaimStatus.DISPATCHED, ClaimStatus.SURVEYED}


class AdvanceAboveReserve(Refused):
    """Members: `amount`, `granted`, `reserve` (yuan)."""

    code = "advance_above_reserve"
    title = Text("预付超过可确定的数额", "More than can be ascertained")
    detail = Text(
        "已预付 {granted} 元，再预付 {amount} 元将超过准备金 {reserve} 元。",
        "{granted} was advanced; {amount} more exceeds the reserve of {reserve}.",
    )


class NoLine(Conflict):
    code = "policy_not_matched"
    title = Text("尚未匹配保单", "No policy is matched")
    detail = Text("赔案尚未匹配保单，不能预付。", "The claim has no policy yet; nothing is paid in advance.")


def may_request(status: ClaimStatus, line: str | None, duties: Iterable[Held], actor: Actor, sides: Sides) -> None:
    """Refuse (403) who surveyed or approved; (409) before registration, after the decision, without a policy, and while
    another advance is being decided."""
    refuse_to_take(duties, actor, Duty.ADJUSTER)
    if status not in OPEN:
        raise StateConflict(current_state=str(status), legal_moves=legal_moves(status))
    if line is None:
        raise NoLine()
    refuse_second(sides, SideKind.ADVANCE)


def check_advance(amount: Decimal, granted: Decimal, reserve: Decimal | None) -> None:
    """Refuse (422) an advance of nothing, and one that together with the earlier ones exceeds the reserve (yuan)."""
    check_amount(amount)
    if granted + amount > (reserve or ZERO):
        fault = Fault(AdvanceAboveReserve.code, AdvanceAboveReserve.detail, pointer="#/amount")
        raise AdvanceAboveReserve(fault, amount=amount, granted=granted, reserve=reserve or ZERO)
