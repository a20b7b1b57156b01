"""When a claim may be reopened: a closed one, so many times; one under payment, only where its basis has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.claims.claim.rules import ClaimStatus, Duty, Held, advance, refuse_to_take, reopen
from services.claims.side.rules import SideKind, Sides, check_reason, refuse_second
from shared.actor import Actor
from shared.errors import Conflict, Text

CLOSED = frozenset({ClaimStatus.CLOSED, ClaimStatus.ARCHIVED})
PART_PAID = frozenset({ClaimStatus.PAYING})
"""Before anything is ordered a changed basis takes the decision back by itself; afterwards it is a reopening."""


class BasisUnchanged(Conflict):
    """Member: `current_state`."""

    code = "basis_unchanged"
    title = Text("核赔依据未变", "What was approved has not changed")
    detail = Text(
        "赔案状态为 {current_state}，核赔依据未变，不得重开。",
        "The claim is {current_state}, and what was approved has not changed: there is nothing to reopen it for.",
    )


class PaymentUnderWay(Conflict):
    """Member: `payment_ids`."""

    code = "payment_under_way"
    title = Text("尚有付款在途", "A payment is under way")
    detail = Text(
        "付款 {payment_ids} 尚未确认或退回，暂不能重开。",
        "Payment(s) {payment_ids} are neither confirmed nor failed; the claim cannot be reopened meanwhile.",
    )


@dataclass(frozen=True)
class Reopenable:
    """What a reopening is judged by. `changed`: what is no longer as it was approved; `under_way`: payments that are
    ordered and not confirmed; `maximum`: how often a closed claim is reopened."""

    changed: Sequence[str] = ()
    under_way: Sequence[str] = ()
    maximum: int = 0


def may_reopen(status: ClaimStatus, reopened_count: int, told: Reopenable) -> ClaimStatus:
    """The state of the reopened claim.

    Refused (409): a closed claim beyond its maximum; one under payment whose basis is unchanged; while money is
    under way; any other state.
    """
    if status in CLOSED:
        after = reopen(status, reopened_count, told.maximum)
    else:
        after = advance(status, ClaimStatus.REOPENED)
        if not told.changed:
            raise BasisUnchanged(current_state=str(status))
    if told.under_way:
        raise PaymentUnderWay(payment_ids=list(told.under_way))
    return after


def may_request(
    status: ClaimStatus, reopened_count: int, told: Reopenable, sides: Sides, duties: Iterable[Held], actor: Actor
) -> None:
    """Whether this caller may ask for it: refused as `may_reopen`, and while another request is being decided (409)."""
    refuse_to_take(duties, actor, Duty.REPORTER)
    may_reopen(status, reopened_count, told)
    refuse_second(sides, SideKind.REOPENING)


def check_reopening(reason_code: str, reason: str) -> None:
    """Refuse (422) a request without its reasons."""
    check_reason(("reason_code", reason_code), ("reason", reason))
