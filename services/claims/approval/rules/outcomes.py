"""What a finished approval makes of the claim, and what cannot be a ground of it."""

from __future__ import annotations

from decimal import Decimal

from services.claims.approval.rules.refusals import LateNoticeIsNoGround, LossesStayPayable, RescissionRequired
from services.claims.claim.rules import Flag, Outcome
from shared.approval_chain import REFUSE
from shared.errors import Fault


def outcome_of(final: str, gross: Decimal, claimed: Decimal | None) -> Outcome:
    """`refused`; `zero` where nothing is payable; `partial` where it is less than was claimed; otherwise `paid`.

    `claimed` None: a benefit by scale was claimed, which has no other amount than the one the policy fixes.
    """
    if final == REFUSE:
        return Outcome.REFUSED
    if gross == 0:
        return Outcome.ZERO
    return Outcome.PARTIAL if claimed is not None and gross < claimed else Outcome.PAID


NON_DISCLOSURE = "non_disclosure"
"""The reason code of a refusal because the policyholder did not tell what was asked (保险法 art. 16)."""


def refuse_ground(outcome: str, reason_code: str | None, *, rescinded: bool, losses_paid: bool = False) -> None:
    """Refuse a refusal of the whole claim because it was told late (422, 保险法 art. 21), and one for non-disclosure
    of a policy that was not rescinded (409, 解释二 art. 8) or whose losses are paid all the same (409, 保险法 art.
    16(5)).
    """
    if outcome != REFUSE:
        return
    if reason_code == Flag.LATE_NOTICE:
        raise LateNoticeIsNoGround(
            Fault(LateNoticeIsNoGround.code, LateNoticeIsNoGround.detail, pointer="#/reason_code")
        )
    if reason_code == NON_DISCLOSURE and not rescinded:
        raise RescissionRequired()
    if reason_code == NON_DISCLOSURE and losses_paid:
        raise LossesStayPayable()
