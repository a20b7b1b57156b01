"""Who is entitled to how much of what is payable on a sheet.

The payable amount (own share, advances deducted) is divided in the proportion of the claimants' totals and the
expenses. A death benefit of personal accident goes to the beneficiaries, in their shares (保险法 art. 40), or falls
into the estate (art. 42).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.claims.adjustment.rules import Beneficiary, PayeePart, split_among_beneficiaries
from services.claims.claim.rules import Line
from services.claims.payment.rules.ordering import ENTITLED, PayeeKind, PayeeNotEntitled, plain
from shared.errors import Fault, Refused, Text
from shared.money import ZERO, allocate

DEATH = frozenset({"death", "death_compensation", "funeral"})
"""Kinds of loss that only a claimant has who died."""

_DIRECT = frozenset({PayeeKind.THIRD_PARTY, PayeeKind.INSURED_PERSON})


class ClaimantRefRequired(Refused):
    """Member: `claimant_refs` of those who are paid something."""

    code = "claimant_ref_required"
    title = Text("须指明索赔人", "Name the claimant")
    detail = Text(
        "付款对应的索赔人不明，请填写 claimant_ref。", "It is not clear which claimant this pays: give claimant_ref."
    )


@dataclass(frozen=True)
class Claimant:
    """One claimant of the sheet: `amount` and `death_amount` (the part of it for the death) at the whole share."""

    ref: str
    amount: Decimal
    name: str | None = None
    dead: bool = False
    death_amount: Decimal = ZERO
    beneficiaries: Sequence[Beneficiary] = ()


@dataclass(frozen=True)
class Share:
    """What may be paid for one claimant, in yuan; `parts`: how the death benefit in it is divided, if that is known."""

    claimant: Claimant
    amount: Decimal
    parts: tuple[PayeePart, ...] = ()

    @property
    def for_beneficiaries(self) -> Decimal:
        return sum((part.amount for part in self.parts if part.kind == "beneficiary"), ZERO)


@dataclass(frozen=True)
class Entitlements:
    """The shares of all claimants and of the expenses; together they are the payable amount."""

    line: Line
    shares: tuple[Share, ...]
    expenses: Decimal


@dataclass(frozen=True)
class Right:
    """What one payee can get: `amount` None where only the whole payable limits it. `pool`: kinds of payees whose
    payments count against the same amount; `by_name`: only those to the same person do."""

    claimant_ref: str | None
    amount: Decimal | None
    names: frozenset[str] = frozenset()
    pool: frozenset[PayeeKind] = frozenset(PayeeKind)
    by_name: bool = False


def entitlements(line: Line, payable: Decimal, claimants: Sequence[Claimant], expenses: Decimal) -> Entitlements:
    """Divide `payable` yuan; the parts add up to it exactly."""
    parts = allocate(payable, [*(one.amount for one in claimants), expenses])
    shares = tuple(_share(line, one, part) for one, part in zip(claimants, parts[:-1], strict=True))
    return Entitlements(line, shares, parts[-1])


def _share(line: Line, claimant: Claimant, amount: Decimal) -> Share:
    if line is not Line.ACCIDENT or not claimant.beneficiaries or claimant.death_amount <= 0:
        return Share(claimant, amount)
    death, _ = allocate(amount, [claimant.death_amount, claimant.amount - claimant.death_amount])
    return Share(claimant, amount, split_among_beneficiaries(death, claimant.beneficiaries))


def right_of(told: Entitlements, kind: PayeeKind, name: str, claimant_ref: str | None) -> Right:
    """What a payee of this kind and name can get.

    Refuses a kind that is not entitled on this line or for this claimant (409), and a payee whose claimant is not
    clear (422). The names of a right are those of whom it belongs to; empty where no name is on record.
    """
    if kind not in ENTITLED[told.line]:
        raise PayeeNotEntitled(payee_kind=str(kind))
    if kind is PayeeKind.EXPENSE_CREDITOR:
        if told.expenses <= 0:
            raise PayeeNotEntitled(payee_kind=str(kind))
        return Right(None, told.expenses, pool=frozenset({kind}))
    if kind is PayeeKind.INSURED and claimant_ref is None:
        return Right(None, None)
    return _right_for(_claimant(told, kind, name, claimant_ref), kind, name)


def _claimant(told: Entitlements, kind: PayeeKind, name: str, claimant_ref: str | None) -> Share:
    paid = [one for one in told.shares if one.amount > 0]
    if claimant_ref is not None:
        found = [one for one in paid if one.claimant.ref == claimant_ref]
        if not found:
            raise PayeeNotEntitled(payee_kind=str(kind))
        return found[0]
    named = [one for one in paid if plain(name) in _names(one, kind)]
    if len(named) == 1 or len(paid) == 1:
        return (named or paid)[0]
    if kind in _DIRECT and paid and all(one.claimant.name for one in paid):
        raise PayeeNotEntitled(payee_kind=str(kind))
    refs = [one.claimant.ref for one in paid]
    text = ClaimantRefRequired.detail
    raise ClaimantRefRequired(
        Fault(ClaimantRefRequired.code, text, pointer="#/claimant_ref", members={"claimant_refs": refs}),
        claimant_refs=refs,
    )  # fmt: skip


def _names(share: Share, kind: PayeeKind) -> set[str]:
    if kind is PayeeKind.BENEFICIARY:
        return {plain(part.name) for part in share.parts if part.name}
    return {plain(share.claimant.name)} if kind in _DIRECT and share.claimant.name else set()


def _right_for(share: Share, kind: PayeeKind, name: str) -> Right:
    who = share.claimant
    needs_death = kind in (PayeeKind.BENEFICIARY, PayeeKind.HEIR)
    if kind is not PayeeKind.INSURED and needs_death is not who.dead:
        raise PayeeNotEntitled(payee_kind=str(kind))
    if kind in _DIRECT:
        return Right(who.ref, share.amount, frozenset({who.name} if who.name else ()))
    if not share.parts or kind not in (PayeeKind.BENEFICIARY, PayeeKind.HEIR):
        return Right(who.ref, share.amount)
    if kind is PayeeKind.HEIR:
        rest = share.amount - share.for_beneficiaries
        return Right(who.ref, rest, pool=frozenset({PayeeKind.HEIR}))
    mine = [part for part in share.parts if part.name and plain(part.name) == plain(name)]
    if not mine:
        raise PayeeNotEntitled(payee_kind=str(kind))
    amount = sum((part.amount for part in mine), ZERO)
    return Right(who.ref, amount, frozenset({name}), frozenset({PayeeKind.BENEFICIARY}), by_name=True)


def claimants_of(
    sheet: Mapping[str, Any], names: Mapping[str, str | None], beneficiaries: Mapping[str, Sequence[Beneficiary]]
) -> tuple[Claimant, ...]:
    """The claimants as a stored sheet tells them."""
    found = []
    for one in sheet["claimants"]:
        ref = one["ref"]
        deaths = [line for line in sheet["lines"] if line["claimant_ref"] == ref and line["kind"] in DEATH]
        amount = sum((Decimal(line["amount"]) for line in deaths), ZERO)
        found.append(
            Claimant(ref, Decimal(one["amount"]), names.get(ref), bool(deaths), amount, beneficiaries.get(ref, ()))
        )
    return tuple(found)
