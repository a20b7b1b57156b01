"""Liability: from the assessed loss to the sheet, in the fixed order of the terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from services.claims.adjustment.rules import explanation
from services.claims.adjustment.rules.caps import Item, allocate, capped, deducted, scaled, total
from services.claims.adjustment.rules.clauses import Clauses
from services.claims.adjustment.rules.disability import CompensationFigures
from services.claims.adjustment.rules.established import established, flags_of
from services.claims.adjustment.rules.limits import (
    LimitsUsed,
    accident_left,
    aggregate_left,
    everything,
    injury,
    medical_in,
    of_kind,
    refuse_beyond,
    taken_of_limits,
)
from services.claims.adjustment.rules.losses import AssessedFacts, Claimant
from services.claims.adjustment.rules.overrides import OVERRIDDEN, Override, overridden
from services.claims.adjustment.rules.refusals import FaultRatioMissing
from services.claims.adjustment.rules.sheet import RecoveryItem, Sheet, draw_up
from services.claims.adjustment.rules.terms import EMPTY, EXPENSE_KINDS, LiabilityCover
from shared.errors import Text
from shared.money import ZERO, half_up, yuan


def calculate_liability(
    cover: LiabilityCover,
    facts: AssessedFacts,
    *,
    used: LimitsUsed = LimitsUsed(),  # noqa: B008 - frozen
    clauses: Clauses = Clauses(),  # noqa: B008 - frozen
    figures: Mapping[str, CompensationFigures] = EMPTY,
    advances: Decimal = ZERO,
    overrides: Sequence[Override] = (),
) -> Sheet:
    """The sheet of a liability claim, in yuan.

    Order: loss × fault → other sources → medical deductible, rate and sub-limit → limit of the person → property
    deductible → limit of the accident → aggregate left → expenses in their own limits → lines set by hand → own share →
    advances.
    `figures` by province, of the year that applies, compute compensation whose amount the facts leave open.
    Refuses facts the terms cannot answer (422, `CalculationRefused`).
    """
    shares = {one.ref: _share(cover, facts, one) for one in facts.claimants}
    indemnity = _indemnity(cover, facts, shares, used, figures)
    expenses = _expenses(cover, facts, used, total(indemnity))
    if overrides:
        set_by_hand = overridden([*indemnity, *expenses], overrides)
        indemnity, expenses = set_by_hand[: len(indemnity)], set_by_hand[len(indemnity) :]
        refuse_beyond(cover, indemnity, expenses, used)
    return draw_up(
        indemnity,
        expenses,
        [one.ref for one in facts.claimants],
        own_share=cover.own_share,
        advances=advances,
        clauses=clauses,
        recovery_items=_recovery(cover, facts, indemnity, used, figures),
        limits_used=taken_of_limits(cover, indemnity, expenses),
        flags=[*flags_of(facts, figures), *([OVERRIDDEN] if overrides else [])],
    )


def _share(cover: LiabilityCover, facts: AssessedFacts, claimant: Claimant) -> Decimal:
    """The share of this victim's loss the insured answers for."""
    if cover.basis == "strict":
        return Decimal(1)
    if facts.liability_form == "joint":
        return 1 - claimant.victim_fault_ratio
    if facts.fault_ratio is None:
        raise FaultRatioMissing.at("#/fault_ratio")
    return facts.fault_ratio


def _indemnity(
    cover: LiabilityCover,
    facts: AssessedFacts,
    shares: Mapping[str, Decimal],
    used: LimitsUsed,
    figures: Mapping[str, CompensationFigures],
) -> list[Item]:
    items: list[Item] = []
    for claimant in facts.claimants:
        own = established(cover, claimant, shares[claimant.ref], facts.liability_form == "joint", figures)
        items += _person(cover, claimant.ref, own, used)
    items = _property_deductible(cover, items, used)
    items = capped(
        items,
        everything,
        accident_left(cover, used),
        explanation.accident_limit,
        "limit_per_accident",
        allocation=cover.allocation,
    )
    return capped(
        items,
        everything,
        aggregate_left(cover, used),
        explanation.aggregate_limit,
        "aggregate_limit",
        allocation=cover.allocation,
    )


def _person(cover: LiabilityCover, ref: str, items: list[Item], used: LimitsUsed) -> list[Item]:
    """Medical deductible, rates and sub-limit, the sub-limits by head, then the limit over the person's injury."""
    medical = medical_in(cover)

    def outside_catalogue(item: Item) -> bool:
        return item.kind == "non_catalogue_medical" and cover.non_catalogue_medical_rate is not None

    if cover.medical_deductible is not None:
        still = max(ZERO, cover.medical_deductible - used.medical_deductible_taken.get(ref, ZERO))
        items = deducted(items, medical, still, explanation.medical_deductible, "medical_deductible")
    items = scaled(
        items,
        lambda item: medical(item) and not outside_catalogue(item),
        cover.medical_reimbursement_rate,
        explanation.reimbursement_rate,
        "medical_reimbursement_rate",
    )
    items = scaled(
        items,
        outside_catalogue,
        cover.non_catalogue_medical_rate,
        explanation.non_catalogue_rate,
        "non_catalogue_medical_rate",
    )
    if cover.medical_limit_per_person is not None:
        left = cover.medical_limit_per_person - used.medical_per_person.get(ref, ZERO)
        items = capped(items, medical, left, explanation.medical_limit, "medical_limit_per_person")
    for kind, limit in cover.sub_limits.items():
        left = limit - used.sub_limits.get((ref, kind), ZERO)
        items = capped(items, of_kind(kind), left, explanation.sub_limit, "sub_limits")
    if cover.limit_per_person is not None:
        left = cover.limit_per_person - used.per_person.get(ref, ZERO)
        items = capped(items, injury, left, explanation.person_limit, "limit_per_person", allocation=cover.allocation)
    return items


def _property_deductible(cover: LiabilityCover, items: list[Item], used: LimitsUsed) -> list[Item]:
    """Once for the accident: the greater (or the sum) of the amount and the rate of the loss."""
    amount, by_rate, whole = _property_deduction(cover, items, used)
    still = max(ZERO, whole - used.property_deductible_taken)
    terms = ["property_deductible_amount"] if amount and (amount >= by_rate or whole > by_rate) else []
    terms += ["property_deductible_rate"] if by_rate and whole > amount else []
    return deducted(items, lambda item: item.kind == "property", still, explanation.property_deductible, *terms)


def _property_deduction(
    cover: LiabilityCover, items: Sequence[Item], used: LimitsUsed
) -> tuple[Decimal, Decimal, Decimal]:
    """The amount, the rate of the whole accident's loss, and what the terms make of the two."""
    loss = total([item for item in items if item.kind == "property"]) + used.property_loss
    amount = cover.property_deductible_amount or ZERO
    by_rate = half_up(loss * (cover.property_deductible_rate or 0))
    whole = amount + by_rate if cover.property_deductible_rule == "sum" else max(amount, by_rate)
    return amount, by_rate, whole


@dataclass(frozen=True)
class Borne:
    """What the insured bears itself of a claim, in yuan: of the medical deductible by claimant ref, of the property
    deductible; and `property_loss`, of which a rate is taken over all claims of the accident."""

    medical: Mapping[str, Decimal]
    property: Decimal = ZERO
    property_loss: Decimal = ZERO


def borne_of_liability(
    cover: LiabilityCover, facts: AssessedFacts, used: LimitsUsed, figures: Mapping[str, CompensationFigures]
) -> Borne:
    """The deductibles that this claim takes, and what they are measured by."""
    medical: dict[str, Decimal] = {}
    items: list[Item] = []
    for one in facts.claimants:
        own = established(cover, one, _share(cover, facts, one), facts.liability_form == "joint", figures)
        still = (cover.medical_deductible or ZERO) - used.medical_deductible_taken.get(one.ref, ZERO)
        medical[one.ref] = min(max(ZERO, still), total([item for item in own if item.kind in cover.medical_kinds]))
        items += _person(cover, one.ref, own, used)
    still = max(ZERO, _property_deduction(cover, items, used)[2] - used.property_deductible_taken)
    loss = total([item for item in items if item.kind == "property"])
    return Borne(medical, min(still, loss), loss)


def _expenses(cover: LiabilityCover, facts: AssessedFacts, used: LimitsUsed, indemnity: Decimal) -> list[Item]:
    """Expenses within their own limits; where the policy counts them within the limit, in what the indemnity leaves."""
    items = [
        Item(None, one.kind, one.amount, (explanation.expense_assessed(one.amount),), assessed=one.amount)
        for one in facts.expenses
    ]
    for kind in EXPENSE_KINDS:
        limit = cover.expense_limits.get(kind)
        if limit is None:
            items = [_without_cover(item) if item.kind == kind else item for item in items]
        else:
            left = limit - used.expenses.get(kind, ZERO)
            items = capped(items, of_kind(kind), left, explanation.expense_limit, "expense_limits")
    if not cover.expenses_inside_limit:
        return items
    rooms = [
        limit - indemnity for limit in (accident_left(cover, used), aggregate_left(cover, used)) if limit is not None
    ]
    return capped(items, everything, min(rooms, default=None), explanation.limit_for_expenses, "expenses_inside_limit")


def _without_cover(item: Item) -> Item:
    return replace(item.to(ZERO, explanation.not_covered("expense_limits")), granted=False)


def _recovery(
    cover: LiabilityCover,
    facts: AssessedFacts,
    indemnity: Sequence[Item],
    used: LimitsUsed,
    figures: Mapping[str, CompensationFigures],
) -> list[RecoveryItem]:
    """What a joint liability costs beyond the insured's own share, by claimant (解释四 art. 16).

    The excess is what the policy pays less what it would pay, on the same terms, for the insured's share alone.
    """
    if facts.liability_form != "joint" or facts.fault_ratio is None:
        return []
    shares = {one.ref: facts.fault_ratio for one in facts.claimants}
    alone = _indemnity(cover, facts, shares, used, figures)
    refs = sorted(one.ref for one in facts.claimants)
    beyond = [max(ZERO, _of(ref, indemnity) - _of(ref, alone)) for ref in refs]
    parts = allocate(max(ZERO, total(indemnity) - total(alone)), beyond)
    return [
        RecoveryItem(
            ref,
            "joint_liability_excess",
            part,
            half_up(part * cover.own_share),
            _recovery_text(_of(ref, indemnity), facts.fault_ratio, part),
        )
        for ref, part in zip(refs, parts, strict=True)
        if part > 0
    ]


def _recovery_text(paid: Decimal, ratio: Decimal, part: Decimal) -> Text:
    share = explanation.percent(ratio)
    return Text(
        f"连带责任赔付{yuan(paid)}元，超出被保险人责任份额{share}的部分{yuan(part)}元，可向其他连带责任人追偿。",
        f"Joint liability pays {yuan(paid)}; {yuan(part)} exceeds the insured's share of {share} and is recovered "
        "from the other debtors.",
    )


def _of(ref: str, items: Sequence[Item]) -> Decimal:
    return total([item for item in items if item.ref == ref])
