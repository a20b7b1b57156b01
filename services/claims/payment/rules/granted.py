"""Paying what was granted beside the sheet: an advance, or an ex gratia payment.

Who can be a payee at all, and what the insured must prove, is the same as for any other payment (保险法 art. 65); the
limit is what was granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.claims.claim.rules import Line
from services.claims.payment.rules.ordering import (
    ENTITLED,
    AlreadyPaid,
    PayableExceeded,
    Payee,
    PayeeKind,
    PayeeNotEntitled,
    PaymentBeforeApproval,
    ThirdPartyNotPaid,
    check_payee,
    plain,
)
from services.claims.side.rules import Side, SideStatus
from shared.money import ZERO

_DIRECT = frozenset({PayeeKind.THIRD_PARTY, PayeeKind.INSURED_PERSON})


@dataclass(frozen=True)
class Grant:
    """What is stored about the money granted (yuan). `ordered`: payments of it that are not failed or returned;
    `names`: the claimants by ref; `claimant_ref`: for whom it was granted, where that was said."""

    side: Side
    line: Line
    ordered: Decimal = ZERO
    names: Mapping[str, str | None] | None = None
    claimant_ref: str | None = None
    third_party_paid: bool = False


def order_granted(payee: Payee, amount: Decimal, claimant_ref: str | None, grant: Grant) -> None:
    """Whether `amount` yuan of the grant may be paid to `payee`.

    Refused: what is not approved (409), missing or malformed payee data (422), a payee who is not entitled (409), an
    insured without proof (409), more than was granted (422) or is left (409).
    """
    if grant.side.status is not SideStatus.APPROVED:
        raise PaymentBeforeApproval(current_state=str(grant.side.status))
    check_payee(payee, amount)
    wanted = grant.claimant_ref
    other = wanted is not None and claimant_ref not in (None, wanted)
    if payee.kind not in ENTITLED[grant.line] or other or not _named(payee, wanted or claimant_ref, grant):
        raise PayeeNotEntitled(payee_kind=str(payee.kind))
    if payee.kind is PayeeKind.INSURED and not grant.third_party_paid:
        raise ThirdPartyNotPaid()
    if amount > grant.side.amount:
        raise PayableExceeded(amount=amount, payable=grant.side.amount)
    if grant.ordered + amount > grant.side.amount:
        raise AlreadyPaid(ordered=grant.ordered, payable=grant.side.amount)


def _named(payee: Payee, claimant_ref: str | None, grant: Grant) -> bool:
    """Whether a claimant who is paid himself bears the name of one who is known."""
    if payee.kind not in _DIRECT:
        return True
    told = grant.names or {}
    known = [told.get(claimant_ref)] if claimant_ref is not None else list(told.values())
    names = {plain(name) for name in known if name}
    return not names or plain(payee.name) in names
