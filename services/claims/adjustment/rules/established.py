"""Liability: each head of loss as it stands against the insured, before any limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from services.claims.adjustment.rules import benefits, explanation
from services.claims.adjustment.rules.caps import Item, total
from services.claims.adjustment.rules.disability import CompensationFigures, rate_of
from services.claims.adjustment.rules.losses import AssessedFacts, Claimant, Loss
from services.claims.adjustment.rules.refusals import (
    AmountAndDaysMissing,
    AmountMissing,
    BenefitRepeated,
    GradeMissing,
)
from services.claims.adjustment.rules.terms import LiabilityCover
from shared.errors import Text
from shared.money import ZERO, half_up

COMPUTED_KINDS = frozenset({"death_compensation", "disability_compensation", "funeral"})


def established(
    cover: LiabilityCover,
    claimant: Claimant,
    share: Decimal,
    joint: bool,
    figures: Mapping[str, CompensationFigures],
) -> list[Item]:
    """The claimant's items after fault, other sources, the disability within a death and the wages within a disability.

    `share`: the part of the loss the insured answers for, 1 on a strict basis.
    """
    items: list[Item] = []
    for loss in one_disability(claimant.losses):
        item = _loss_of(cover, claimant, loss, figures)
        item = _answered_for(item, share, joint)
        left = max(ZERO, item.amount - loss.other_sources_amount)
        items.append(item.to(left, explanation.other_sources(loss.other_sources_amount, left)))
    return _wages_within(cover, _disability_within_death(items, claimant))


def one_disability(losses: tuple[Loss, ...]) -> list[Loss]:
    """The losses with all disabilities of the person as one, at the place of the first: injuries are rated together."""
    disabled = [loss for loss in losses if loss.kind == "disability"]
    if len(disabled) < 2:
        return list(losses)
    said_so = [loss.includes_earlier_injury for loss in disabled]
    merged = replace(
        disabled[0],
        grades=tuple(grade for loss in disabled for grade in loss.grades),
        other_sources_amount=sum((loss.other_sources_amount for loss in disabled), ZERO),
        includes_earlier_injury=next((said for said in said_so if said is not None), None),
    )
    first = next(at for at, loss in enumerate(losses) if loss.kind == "disability")
    return [
        merged if at == first else loss for at, loss in enumerate(losses) if at == first or loss.kind != "disability"
    ]


def refuse_second_death(claimant: Claimant) -> None:
    """A person dies once (422)."""
    deaths = [loss for loss in claimant.losses if loss.kind == "death"]
    if len(deaths) > 1:
        raise BenefitRepeated.at(f"{deaths[1].pointer}/kind", kind="death")


def flags_of(facts: AssessedFacts, figures: Mapping[str, CompensationFigures]) -> list[str]:
    """`compensation_above_statutory` where an assessed amount exceeds what the years by age and the figures give."""
    for claimant in facts.claimants:
        for loss in claimant.losses:
            computed = _computed(claimant, loss, figures)
            if computed is not None and loss.amount is not None and loss.amount > computed.amount:
                return ["compensation_above_statutory"]
    return []


def _answered_for(item: Item, share: Decimal, joint: bool) -> Item:
    amount = half_up(item.amount * share)
    if not joint:
        return item.to(amount, explanation.fault(share, amount))
    if share == 1:
        return item.noting(explanation.joint_whole()) if item.amount else item
    return item.to(amount, explanation.joint_fault(share, amount))


def _loss_of(cover: LiabilityCover, claimant: Claimant, loss: Loss, figures: Mapping[str, CompensationFigures]) -> Item:
    refuse_second_death(claimant)
    if loss.kind in cover.excluded_kinds:
        return benefits.not_granted(claimant.ref, loss.kind, explanation.excluded(), "excluded_kinds")
    if loss.kind == "death":
        return _death(cover, claimant.ref)
    if loss.kind == "disability":
        return _disability(cover, claimant.ref, loss)
    if loss.kind == "lost_wages":
        return _wages(cover, claimant.ref, loss)
    if loss.amount is None:
        computed = _computed(claimant, loss, figures)
        if computed is None:
            raise AmountMissing.at(f"{loss.pointer}/amount", kind=loss.kind)
        return computed
    return _damages(claimant.ref, loss.kind, loss.amount)


def _damages(ref: str, kind: str, amount: Decimal) -> Item:
    return Item(ref, kind, amount, (explanation.loss_assessed(amount),), assessed=amount)


def _death(cover: LiabilityCover, ref: str) -> Item:
    benefit = cover.death_benefit_per_person
    if benefit is None:
        return benefits.not_granted(ref, "death", explanation.not_covered("death_benefit_per_person"))
    return Item(
        ref, "death", half_up(benefit), (explanation.full_benefit(benefit),), _cites("death_benefit_per_person")
    )


def _disability(cover: LiabilityCover, ref: str, loss: Loss) -> Item:
    base = cover.limit_per_person if cover.death_benefit_per_person is None else cover.death_benefit_per_person
    if not cover.disability_scale or base is None:
        return benefits.not_granted(ref, "disability", explanation.not_covered("disability_scale"))
    if not loss.grades:
        raise GradeMissing.at(f"{loss.pointer}/grade", kind="disability")
    grade, rate = rate_of(cover.disability_scale, loss.grades, f"{loss.pointer}/grade")
    amount = half_up(base * rate)
    step = explanation.by_scale(loss.grades, grade, rate, base, amount)
    return Item(ref, "disability", amount, (step,), _cites("disability_scale"))


def _wages(cover: LiabilityCover, ref: str, loss: Loss) -> Item:
    """By the day where the policy fixes a daily amount; otherwise damages, for which days alone are no measure."""
    if loss.amount is None and loss.days is None:
        raise AmountAndDaysMissing.at(loss.pointer, kind="lost_wages")
    if cover.wage_daily_amount is not None:
        return benefits.by_days(
            ref, loss, cover.wage_daily_amount, cover.wage_waiting_days, cover.wage_max_days, "wage_waiting_days"
        )
    if loss.amount is None:
        return benefits.not_granted(ref, "lost_wages", explanation.not_covered("wage_daily_amount"))
    return _damages(ref, "lost_wages", loss.amount)


def _computed(claimant: Claimant, loss: Loss, figures: Mapping[str, CompensationFigures]) -> Item | None:
    """Statutory compensation from age, province and grade; None where the facts or figures for it are not there."""
    figure = figures.get(claimant.province or "")
    if figure is None or loss.kind not in COMPUTED_KINDS:
        return None
    if loss.kind == "funeral":
        amount = figure.funeral()
        return _worked_out(
            claimant, loss, amount, explanation.statutory_funeral(figure.monthly_wage, figure.funeral_months, amount)
        )
    age = claimant.age_at_loss
    if age is None:
        return None
    years = figure.years.at_age(age)
    if loss.kind == "death_compensation":
        amount = figure.death(age)
        return _worked_out(
            claimant, loss, amount, explanation.statutory(figure.yearly_income, years, Decimal(1), amount)
        )
    if len(loss.grades) != 1:
        return None
    amount = figure.disability(age, loss.grades[0], f"{loss.pointer}/grade")
    return _worked_out(
        claimant,
        loss,
        amount,
        explanation.statutory(figure.yearly_income, years, figure.grade_shares[loss.grades[0]], amount),
    )


def _worked_out(claimant: Claimant, loss: Loss, amount: Decimal, step: Text) -> Item:
    return Item(claimant.ref, loss.kind, amount, (step,))


def _disability_within_death(items: list[Item], claimant: Claimant) -> list[Item]:
    """A death pays the agreed sum less the disability benefit of the same accident."""
    disability = total([item for item in items if item.kind == "disability"])
    return [
        item.to(
            max(ZERO, item.amount - disability),
            explanation.less_disability(disability, max(ZERO, item.amount - disability)),
        )
        if item.kind == "death"
        else item
        for item in items
    ]


def _wages_within(cover: LiabilityCover, items: list[Item]) -> list[Item]:
    """Where the policy says so, lost wages are part of the disability benefit: the benefit is paid less the wages."""
    wages = total([item for item in items if item.kind == "lost_wages"])
    if not cover.wage_offsets_disability or not wages:
        return items
    return [
        item.to(
            max(ZERO, item.amount - wages),
            explanation.wages_offset(wages, max(ZERO, item.amount - wages)),
            "wage_offsets_disability",
        )
        if item.kind == "disability"
        else item
        for item in items
    ]


def _cites(term: str) -> frozenset[str]:
    return frozenset({term})
