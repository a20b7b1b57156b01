"""What a finished approval makes of the claim."""

from __future__ import annotations

from decimal import Decimal

from services.claims.claim.rules import Outcome
from shared.approval_chain import REFUSE


def outcome_of(final: str, gross: Decimal, claimed: Decimal | None) -> Outcome:
    """`refused`; `zero` where nothing is payable; `partial` where it is less than was claimed; otherwise `paid`.

    `claimed` None: a benefit by scale was claimed, which has no other amount than the one the policy fixes.
    """
    if final == REFUSE:
        return Outcome.REFUSED
    if gross == 0:
        return Outcome.ZERO
    return Outcome.PARTIAL if claimed is not None and gross < claimed else Outcome.PAID
