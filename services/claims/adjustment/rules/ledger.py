"""The ledger of a policy's limits: what a sheet takes of them, and what other claims have left of them.

The ledger is the claims service's own. An entry counts from the decision that reserves it; a claim's own entries, and
those of its older sheets, never count against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.claims.adjustment.rules.insured import PersonAccount
from services.claims.adjustment.rules.liability import Borne
from services.claims.adjustment.rules.limits import LimitsUsed
from services.claims.adjustment.rules.sheet import Sheet
from services.claims.adjustment.rules.terms import LiabilityCover
from shared.money import ZERO

AGGREGATE, ACCIDENT, EXPENSES = "aggregate_limit", "limit_per_accident", "expense_limits"
PERSON, MEDICAL_OF_PERSON = "limit_per_person", "medical_limit_per_person"
SUM_INSURED, MEDICAL_SUM = "sum_insured", "medical_sum_insured"
MEDICAL_DEDUCTIBLE, PROPERTY_DEDUCTIBLE = "medical_deductible", "property_deductible"
PROPERTY_LOSS, SUB_LIMITS = "property_loss", "sub_limits"

DEDUCTIBLES = frozenset({MEDICAL_DEDUCTIBLE, PROPERTY_DEDUCTIBLE, PROPERTY_LOSS})
"""Entries that say what the insured bears and what it is measured by, not what the policy pays."""


@dataclass(frozen=True)
class Taken:
    """What one claim takes of one limit, in yuan. `claimant_ref`: the person's, or the kind of an expense."""

    limit_name: str
    amount: Decimal
    claimant_ref: str | None = None


@dataclass(frozen=True)
class Entry:
    """What another claim of the policy has taken; `claimant_key` tells persons apart across claims."""

    limit_name: str
    amount: Decimal
    claimant_key: str | None
    same_accident: bool


def taken_by(sheet: Sheet, borne: Borne) -> list[Taken]:
    """The entries of a sheet: each limit it uses, and the deductibles it has borne. Nothing is written for 0.00."""
    found: list[Taken] = []
    for name, used in sheet.limits_used.items():
        if isinstance(used, Mapping):
            found += [Taken(name, amount, ref) for ref, amount in used.items()]
        else:
            found.append(Taken(name, used))
    found += [Taken(MEDICAL_DEDUCTIBLE, amount, ref) for ref, amount in borne.medical.items()]
    found += [Taken(PROPERTY_DEDUCTIBLE, borne.property), Taken(PROPERTY_LOSS, borne.property_loss)]
    return [one for one in found if one.amount > 0]


def limits_used(cover: LiabilityCover, entries: Iterable[Entry], keys: Mapping[str, str]) -> LimitsUsed:
    """What other claims leave a liability claim. `keys`: claimant ref → key.

    The aggregate counts over the policy; all other limits and the deductibles over the accident.
    """
    held = list(entries)
    here = [one for one in held if one.same_accident]
    gone = _sum(held, AGGREGATE)
    return LimitsUsed(
        aggregate_remaining=None if cover.aggregate_limit is None else max(ZERO, cover.aggregate_limit - gone),
        accident=_sum(here, ACCIDENT),
        per_person=_by_ref(here, PERSON, keys),
        medical_per_person=_by_ref(here, MEDICAL_OF_PERSON, keys),
        medical_deductible_taken=_by_ref(here, MEDICAL_DEDUCTIBLE, keys),
        property_deductible_taken=_sum(here, PROPERTY_DEDUCTIBLE),
        property_loss=_sum(here, PROPERTY_LOSS),
        sub_limits={
            (ref, kind): _sum(here, SUB_LIMITS, f"{key}/{kind}")
            for ref, key in keys.items()
            for kind in cover.sub_limits
        },
        expenses={kind: _sum(here, EXPENSES, kind) for kind in {one.claimant_key for one in here} if kind},
    )


def accounts(
    entries: Iterable[Entry], keys: Mapping[str, str], sums_insured: Mapping[str, Decimal]
) -> dict[str, PersonAccount]:
    """The account of each insured person by claimant ref; `sums_insured`: the person's own, where the list has one.

    A death paid in another claim of the same accident counts like its disabilities: together they are the sum insured.
    """
    held = list(entries)
    here, earlier = [one for one in held if one.same_accident], [one for one in held if not one.same_accident]
    return {
        ref: PersonAccount(
            sum_insured=sums_insured.get(ref),
            disability_paid_same_accident=_sum(here, SUM_INSURED, key),
            disability_paid_earlier=_sum(earlier, SUM_INSURED, key),
            medical_paid=_sum(held, MEDICAL_SUM, key),
            medical_deductible_taken=_sum(here, MEDICAL_DEDUCTIBLE, key),
        )
        for ref, key in keys.items()
    }


def _by_ref(entries: list[Entry], name: str, keys: Mapping[str, str]) -> dict[str, Decimal]:
    return {ref: _sum(entries, name, key) for ref, key in keys.items()}


def _sum(entries: Iterable[Entry], name: str, key: str | None = None) -> Decimal:
    held = [one for one in entries if one.limit_name == name and key in (None, one.claimant_key)]
    return sum((one.amount for one in held), ZERO)
