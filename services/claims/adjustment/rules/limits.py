"""The limits of a liability policy: what other claims left of them, what a sheet takes, and what it may not exceed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from services.claims.adjustment.rules.caps import Chosen, Item, total
from services.claims.adjustment.rules.overrides import refuse_above
from services.claims.adjustment.rules.sheet import Used
from services.claims.adjustment.rules.terms import EMPTY, LiabilityCover
from shared.money import ZERO


@dataclass(frozen=True)
class LimitsUsed:
    """What other claims have already taken, in yuan: of the same accident, of the same persons, of the aggregate.

    `aggregate_remaining` None: nothing of the aggregate is used yet. `property_deductible_taken`: what the same
    accident's other claims have already borne of it, `property_loss` the property loss that they came from.
    `sub_limits` by person and head of loss. The sheet under calculation, and its older versions, do not count.
    """

    aggregate_remaining: Decimal | None = None
    accident: Decimal = ZERO
    per_person: Mapping[str, Decimal] = field(default_factory=lambda: EMPTY)
    medical_per_person: Mapping[str, Decimal] = field(default_factory=lambda: EMPTY)
    sub_limits: Mapping[tuple[str, str], Decimal] = field(default_factory=lambda: EMPTY)
    medical_deductible_taken: Mapping[str, Decimal] = field(default_factory=lambda: EMPTY)
    property_deductible_taken: Decimal = ZERO
    property_loss: Decimal = ZERO
    expenses: Mapping[str, Decimal] = field(default_factory=lambda: EMPTY)


def accident_left(cover: LiabilityCover, used: LimitsUsed) -> Decimal | None:
    """What is left of the limit of the accident; None without one."""
    return None if cover.limit_per_accident is None else cover.limit_per_accident - used.accident


def aggregate_left(cover: LiabilityCover, used: LimitsUsed) -> Decimal | None:
    """What is left of the aggregate; None without one."""
    return cover.aggregate_limit if used.aggregate_remaining is None else used.aggregate_remaining


def medical_in(cover: LiabilityCover) -> Chosen:
    """The lines that count as medical."""
    return lambda item: item.kind in cover.medical_kinds


def injury(item: Item) -> bool:
    """The lines that the limit of a person is for: everything but property damage."""
    return item.kind != "property"


def of_kind(kind: str) -> Chosen:
    return lambda item: item.kind == kind


def everything(_item: Item) -> bool:
    return True


def refuse_beyond(cover: LiabilityCover, indemnity: Sequence[Item], expenses: Sequence[Item], used: LimitsUsed) -> None:
    """Refuse (422 `override_above_limit`) lines set by hand that exceed any limit that is left."""
    for ref in _refs(indemnity):
        own = [item for item in indemnity if item.ref == ref]
        _refuse_beyond_person(cover, ref, own, used)
    for kind, limit in cover.expense_limits.items():
        refuse_above(expenses, of_kind(kind), limit - used.expenses.get(kind, ZERO), "expense_limits")
    counted = [*indemnity, *(expenses if cover.expenses_inside_limit else ())]
    refuse_above(counted, everything, accident_left(cover, used), "limit_per_accident")
    refuse_above(counted, everything, aggregate_left(cover, used), "aggregate_limit")


def _refuse_beyond_person(cover: LiabilityCover, ref: str, own: Sequence[Item], used: LimitsUsed) -> None:
    if cover.medical_limit_per_person is not None:
        left = cover.medical_limit_per_person - used.medical_per_person.get(ref, ZERO)
        refuse_above(own, medical_in(cover), left, "medical_limit_per_person")
    for kind, limit in cover.sub_limits.items():
        refuse_above(own, of_kind(kind), limit - used.sub_limits.get((ref, kind), ZERO), "sub_limits")
    if cover.limit_per_person is not None:
        left = cover.limit_per_person - used.per_person.get(ref, ZERO)
        refuse_above(own, injury, left, "limit_per_person")


def taken_of_limits(cover: LiabilityCover, indemnity: Sequence[Item], expenses: Sequence[Item]) -> Used:
    """What a sheet takes of each limit that the policy has; of `sub_limits` by `ref/kind`."""
    refs = _refs(indemnity)
    within = total(indemnity) + (total(expenses) if cover.expenses_inside_limit else ZERO)
    used: dict[str, Decimal | Mapping[str, Decimal]] = {}
    if cover.limit_per_accident is not None:
        used["limit_per_accident"] = within
    if cover.aggregate_limit is not None:
        used["aggregate_limit"] = within
    if cover.limit_per_person is not None:
        used["limit_per_person"] = {ref: _sum(indemnity, ref, injury) for ref in refs}
    if cover.medical_limit_per_person is not None:
        used["medical_limit_per_person"] = {ref: _sum(indemnity, ref, medical_in(cover)) for ref in refs}
    if cover.sub_limits:
        used["sub_limits"] = {
            f"{ref}/{kind}": _sum(indemnity, ref, of_kind(kind)) for ref in refs for kind in sorted(cover.sub_limits)
        }
    if cover.expense_limits:
        used["expense_limits"] = {
            kind: total([one for one in expenses if one.kind == kind]) for kind in cover.expense_limits
        }
    return used


def _refs(items: Sequence[Item]) -> list[str]:
    return list(dict.fromkeys(item.ref for item in items if item.ref is not None))


def _sum(items: Sequence[Item], ref: str, chosen: Chosen) -> Decimal:
    return total([item for item in items if item.ref == ref and chosen(item)])
