"""Who receives a death benefit (保险法 art. 40, 42, 43; 解释三 art. 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.claims.adjustment.rules.refusals import BeneficiarySharesInvalid
from shared.money import allocate


@dataclass(frozen=True)
class Beneficiary:
    """A named beneficiary; `share` of the whole, None where none is agreed.

    `entitled` False: died before the insured person (in the same accident with the order unknown: deemed so), lost the
    right or gave it up.
    """

    name: str
    relation: str = ""
    share: Decimal | None = None
    entitled: bool = True


@dataclass(frozen=True)
class PayeePart:
    """A part of the benefit in yuan; `kind`: `beneficiary`, or `estate` with no name where none is entitled."""

    kind: str
    name: str | None
    relation: str | None
    amount: Decimal


def split_among_beneficiaries(amount: Decimal, beneficiaries: Sequence[Beneficiary]) -> tuple[PayeePart, ...]:
    """`amount` yuan (≥ 0, whole cents) in parts that make the whole, by largest remainder.

    Without shares in equal parts; those without a share take what the shares leave, in equal parts. The share of one
    who is not entitled goes to the others in the proportion of theirs. None entitled: the estate.
    Refuses shares that do not make a whole (422).
    """
    shares = _whole(beneficiaries)
    entitled = [(one, share) for one, share in zip(beneficiaries, shares, strict=True) if one.entitled]
    if not entitled:
        return (PayeePart("estate", None, None, amount),)
    parts = allocate(amount, [share for _, share in entitled])
    return tuple(
        PayeePart("beneficiary", one.name, one.relation, part) for (one, _), part in zip(entitled, parts, strict=True)
    )


def _whole(beneficiaries: Sequence[Beneficiary]) -> list[Decimal]:
    """A share for everybody."""
    named = [one.share for one in beneficiaries if one.share is not None]
    given = sum(named, Decimal(0))
    without = len(beneficiaries) - len(named)
    whole_is_reached = given < 1 if without else given == 1
    if any(share <= 0 for share in named) or (beneficiaries and not whole_is_reached):
        raise BeneficiarySharesInvalid.at("")
    rest = (1 - given) / without if without else Decimal(0)
    return [rest if one.share is None else one.share for one in beneficiaries]
