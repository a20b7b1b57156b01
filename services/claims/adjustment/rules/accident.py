"""Personal accident: agreed sums by person, less what was paid before, never above the sum insured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from services.claims.adjustment.rules import benefits, explanation
from services.claims.adjustment.rules.caps import Item, capped, deducted, scaled, total
from services.claims.adjustment.rules.clauses import Clauses
from services.claims.adjustment.rules.disability import rate_of
from services.claims.adjustment.rules.established import one_disability, refuse_second_death
from services.claims.adjustment.rules.insured import Insured, PersonAccount, refuse_beyond
from services.claims.adjustment.rules.losses import AssessedFacts, Loss
from services.claims.adjustment.rules.overrides import OVERRIDDEN, Override, overridden
from services.claims.adjustment.rules.refusals import (
    AmountMissing,
    EventBeforeAccident,
    GradeMissing,
    RatedAfterBenefitPeriod,
)
from services.claims.adjustment.rules.sheet import Sheet, draw_up
from services.claims.adjustment.rules.terms import EMPTY, AccidentCover
from shared.money import ZERO, half_up


def last_benefit_day(accident_on: date, benefit_days: int) -> date:
    """The last day on which a death, or the state of health that is rated, still counts: accident + `benefit_days`."""
    return accident_on + timedelta(days=benefit_days)


def calculate_accident(
    cover: AccidentCover,
    facts: AssessedFacts,
    *,
    accounts: Mapping[str, PersonAccount] = EMPTY,
    accident_on: date | None = None,
    clauses: Clauses = Clauses(),  # noqa: B008 - frozen
    advances: Decimal = ZERO,
    overrides: Sequence[Override] = (),
) -> Sheet:
    """The sheet of a personal-accident claim, in yuan; `accounts` by claimant ref.

    Each line after its own deductible, rate and waiting days × premium charged ÷ premium due, rounded, then less what
    was paid before and within the sum left. Expenses are no benefit of this line: they appear with nothing.
    Refuses facts the terms cannot answer (422, `CalculationRefused`).
    """
    persons = [Insured(cover, one, accounts.get(one.ref, PersonAccount()), accident_on) for one in facts.claimants]
    items = [item for person in persons for item in _lines(person)]
    expenses = [
        benefits.not_granted(None, one.kind, explanation.not_covered("expense_limits")) for one in facts.expenses
    ]
    if overrides:
        items = overridden([*items, *expenses], overrides)[: len(items)]
        refuse_beyond(persons, items)
    return draw_up(
        items,
        expenses,
        [one.ref for one in facts.claimants],
        own_share=Decimal(1),
        advances=advances,
        clauses=clauses,
        limits_used=_limits_used(persons, items),
        flags=_flags(persons, overridden=bool(overrides)),
    )


def deductibles_of_accident(
    cover: AccidentCover, facts: AssessedFacts, accounts: Mapping[str, PersonAccount]
) -> Mapping[str, Decimal]:
    """What each person bears of the medical deductible in this claim, in yuan, by claimant ref."""
    taken: dict[str, Decimal] = {}
    for one in facts.claimants:
        person = Insured(cover, one, accounts.get(one.ref, PersonAccount()), None)
        still = (cover.medical_deductible or ZERO) - person.account.medical_deductible_taken
        bills = total([_bill(person, loss) for loss in one.losses if loss.kind == "medical"])
        taken[one.ref] = min(max(ZERO, still), bills)
    return taken


def _lines(person: Insured) -> list[Item]:
    refuse_second_death(person.claimant)
    losses = one_disability(person.claimant.losses)
    fixed = _fixed_sums(person, losses)
    medical = iter(_medical(person, [loss for loss in losses if loss.kind == "medical"]))
    items: list[Item] = []
    for loss in losses:
        if loss.kind == "medical":
            items.append(next(medical))
        elif loss.kind == "allowance":
            items.append(_allowance(person, loss))
        else:
            items.append(fixed[loss.kind])
    return items


def _fixed_sums(person: Insured, losses: Sequence[Loss]) -> dict[str, Item]:
    """Disability and death: together with all that was paid before within the (proportionate) sum insured."""
    by_kind = {loss.kind: loss for loss in losses if loss.kind in {"death", "disability"}}
    if person.sum_insured is None:
        step = explanation.not_covered("sum_insured")
        return {kind: benefits.not_granted(person.ref, kind, step) for kind in by_kind}
    account = person.account
    paid = account.disability_paid_same_accident + account.disability_paid_earlier
    room = person.in_proportion(person.sum_insured) - paid
    fixed: dict[str, Item] = {}
    now = ZERO
    if "disability" in by_kind:
        item = _disability(person, by_kind["disability"], person.sum_insured)
        fixed["disability"] = capped([item], _any, room, explanation.sum_insured, "sum_insured")[0]
        now = fixed["disability"].amount
    if "death" in by_kind:
        item = _death(person, by_kind["death"], person.sum_insured, now)
        fixed["death"] = capped([item], _any, room - now, explanation.sum_insured, "sum_insured")[0]
    return fixed


def _disability(person: Insured, loss: Loss, sum_insured: Decimal) -> Item:
    cover, account = person.cover, person.account
    if not cover.disability_scale:
        return benefits.not_granted(person.ref, "disability", explanation.not_covered("disability_scale"))
    if not loss.grades:
        raise GradeMissing.at(f"{loss.pointer}/grades", kind="disability")
    last = _last_day(person, loss)
    if last is not None and loss.occurred_on is not None and loss.occurred_on > last:
        raise RatedAfterBenefitPeriod.at(
            f"{loss.pointer}/occurred_on", benefit_days=cover.benefit_days, last_day=last.isoformat()
        )
    grade, rate = rate_of(cover.disability_scale, loss.grades, f"{loss.pointer}/grades")
    amount = half_up(sum_insured * rate)
    step = explanation.by_scale(loss.grades, grade, rate, sum_insured, amount)
    item = Item(person.ref, "disability", amount, (step,), frozenset({"disability_scale"}))
    item = person.reduced(_noting_untested(item, person, loss))
    item = _less(item, account.disability_paid_same_accident, explanation.less_disability)
    if loss.includes_earlier_injury is False:
        return item
    return _less(item, account.disability_paid_earlier, explanation.less_earlier_injury)


def _death(person: Insured, loss: Loss, sum_insured: Decimal, disability_now: Decimal) -> Item:
    last = _last_day(person, loss)
    if last is not None and loss.occurred_on is not None and loss.occurred_on > last:
        return benefits.not_granted(person.ref, "death", explanation.outside_benefit_period(last), "benefit_days")
    item = Item(
        person.ref, "death", half_up(sum_insured), (explanation.full_benefit(sum_insured),), frozenset({"sum_insured"})
    )
    item = person.reduced(_noting_untested(item, person, loss))
    return _less(item, person.account.disability_paid_same_accident + disability_now, explanation.less_disability)


def _medical(person: Insured, losses: Sequence[Loss]) -> list[Item]:
    """All medical bills of the person: social insurance, deductible once, rate, proportion, medical sum left."""
    cover, account = person.cover, person.account
    if cover.medical_sum_insured is None:
        step = explanation.not_covered("medical_sum_insured")
        return [benefits.not_granted(person.ref, "medical", step) for _ in losses]
    items = [_bill(person, loss) for loss in losses]
    if cover.medical_deductible is not None:
        still = max(ZERO, cover.medical_deductible - account.medical_deductible_taken)
        items = deducted(items, _any, still, explanation.medical_deductible, "medical_deductible")
    items = scaled(
        items, _any, cover.medical_reimbursement_rate, explanation.reimbursement_rate, "medical_reimbursement_rate"
    )
    items = [person.reduced(item) for item in items]
    left = person.in_proportion(cover.medical_sum_insured) - account.medical_paid
    return capped(items, _any, left, explanation.medical_sum_insured, "medical_sum_insured")


def _bill(person: Insured, loss: Loss) -> Item:
    """The bill less social insurance, which counts only where the tariff was priced for it (解释三 art. 18)."""
    if loss.amount is None:
        raise AmountMissing.at(f"{loss.pointer}/amount", kind="medical")
    item = Item(person.ref, "medical", loss.amount, (explanation.loss_assessed(loss.amount),), assessed=loss.amount)
    if not loss.other_sources_amount:
        return item
    if not person.cover.social_deduction_priced:
        return item.noting(explanation.social_not_priced(loss.other_sources_amount))
    left = max(ZERO, item.amount - loss.other_sources_amount)
    return item.to(left, explanation.other_sources(loss.other_sources_amount, left), "social_deduction_priced")


def _allowance(person: Insured, loss: Loss) -> Item:
    cover = person.cover
    if cover.allowance_daily_amount is None:
        return benefits.not_granted(person.ref, "allowance", explanation.not_covered("allowance_daily_amount"))
    return person.reduced(
        benefits.by_days(
            person.ref,
            loss,
            cover.allowance_daily_amount,
            cover.allowance_waiting_days,
            cover.allowance_max_days,
            "allowance_waiting_days",
        )
    )


def _less(item: Item, paid: Decimal, wording) -> Item:
    left = max(ZERO, item.amount - paid)
    return item.to(left, wording(paid, left))


def _last_day(person: Insured, loss: Loss) -> date | None:
    """The last day of the benefit period; refuses a death or rating before the accident (422)."""
    if person.accident_on is None:
        return None
    if loss.occurred_on is not None and loss.occurred_on < person.accident_on:
        raise EventBeforeAccident.at(f"{loss.pointer}/occurred_on")
    return (
        None if person.cover.benefit_days is None else last_benefit_day(person.accident_on, person.cover.benefit_days)
    )


def _noting_untested(item: Item, person: Insured, loss: Loss) -> Item:
    days = person.cover.benefit_days
    if days is None or (loss.occurred_on is not None and person.accident_on is not None):
        return item
    return item.noting(explanation.benefit_period_untested(days))


def _assumes_inclusion(person: Insured) -> bool:
    """Nobody has said whether the rating includes the injury paid earlier: taken as included, to be confirmed."""
    unsaid = any(loss.kind == "disability" and loss.includes_earlier_injury is None for loss in person.claimant.losses)
    return unsaid and person.account.disability_paid_earlier > 0


def _flags(persons: Sequence[Insured], *, overridden: bool) -> list[str]:
    assumed = ["earlier_injury_assumed_included"] if any(map(_assumes_inclusion, persons)) else []
    return [*assumed, *([OVERRIDDEN] if overridden else [])]


def _limits_used(persons: Sequence[Insured], items: Sequence[Item]) -> dict[str, Mapping[str, Decimal]]:
    used: dict[str, Mapping[str, Decimal]] = {}
    insured = [one.ref for one in persons if one.sum_insured is not None]
    if insured:
        used["sum_insured"] = {ref: _of(ref, items, "death", "disability") for ref in insured}
    if persons and persons[0].cover.medical_sum_insured is not None:
        used["medical_sum_insured"] = {one.ref: _of(one.ref, items, "medical") for one in persons}
    return used


def _of(ref: str, items: Sequence[Item], *kinds: str) -> Decimal:
    return total([item for item in items if item.ref == ref and item.kind in kinds])


def _any(item: Item) -> bool:
    return True
