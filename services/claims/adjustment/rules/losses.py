"""The assessed facts of a claim, as the adjuster records them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from services.claims.adjustment.rules.reading import (
    amount_or_none,
    count_or_none,
    day_or_none,
    days_or_none,
    rows,
    share_or_none,
)
from services.claims.adjustment.rules.refusals import (
    AmountMissing,
    CalculationRefused,
    ClaimantKindUnknown,
    ClaimantRefMissing,
    ClaimantRepeated,
    ExpenseKindUnknown,
    FaultRatiosExceedWhole,
    LiabilityFormUnknown,
    LineUnknown,
    LossKindUnknown,
    MisstatementIncomplete,
    ValueUnreadable,
)
from services.claims.adjustment.rules.terms import EXPENSE_KINDS
from shared.errors import ValidationFailed
from shared.money import ZERO

LOSS_KINDS: Mapping[str, frozenset[str]] = {
    "liability": frozenset(
        {
            "medical",
            "non_catalogue_medical",
            "nursing",
            "nutrition",
            "hospital_meals",
            "transport",
            "accommodation",
            "assistive_device",
            "follow_up_treatment",
            "lost_wages",
            "disability",
            "disability_compensation",
            "death",
            "death_compensation",
            "funeral",
            "dependants_living",
            "mental_distress",
            "property",
        }
    ),
    "accident": frozenset({"death", "disability", "medical", "allowance"}),
}
CLAIMANT_KINDS = frozenset({"employee", "third_party", "insured_person"})
LIABILITY_FORMS = ("several", "joint")
MISSTATED = ("age", "occupation")


@dataclass(frozen=True)
class Loss:
    """One head of loss of one claimant.

    `amount` in yuan, `days` for daily benefits, `grade`/`grades` for disabilities (one grade per injury).
    `occurred_on`: the day of death, or the day whose state of health was rated; it puts the benefit period to the test.
    `includes_earlier_injury`: the rating includes an injury of an earlier accident that was already paid;
    None when the adjuster has not said.
    """

    kind: str
    amount: Decimal | None = None
    grades: tuple[int, ...] = ()
    days: int | None = None
    other_sources_amount: Decimal = ZERO
    occurred_on: date | None = None
    includes_earlier_injury: bool | None = None
    pointer: str = ""


@dataclass(frozen=True)
class Premiums:
    """What was charged for a person and what was due, in yuan, because of the `misstated` `age` (保险法 art. 32) or
    `occupation`."""

    misstated: str
    charged: Decimal
    due: Decimal


@dataclass(frozen=True)
class Claimant:
    """A victim, employee or insured person. `victim_fault_ratio`: the victim's own share of the fault, which alone
    reduces a joint liability."""

    ref: str
    kind: str
    losses: tuple[Loss, ...] = ()
    name: str = ""
    age_at_loss: int | None = None
    province: str | None = None
    victim_fault_ratio: Decimal = Decimal(0)
    premiums: Premiums | None = None
    pointer: str = ""


@dataclass(frozen=True)
class Expense:
    """A cost of the insurer's side of the claim: `legal`, `rescue`, `appraisal`; yuan."""

    kind: str
    amount: Decimal
    pointer: str = ""


@dataclass(frozen=True)
class AssessedFacts:
    """`fault_ratio`: the insured's share of the fault, 0 to 1; None where the policy is not on a fault basis."""

    claimants: tuple[Claimant, ...] = ()
    expenses: tuple[Expense, ...] = ()
    liability_form: str = "several"
    fault_ratio: Decimal | None = None


def read_facts(line: str, body: Mapping[str, Any]) -> AssessedFacts:
    """The facts in the body of a loss assessment, for `line` (`liability`, `accident`).

    Refuses (422, one class per reason, with a pointer) what no policy could pay: unknown kinds, negative amounts or
    days, ratios outside 0…1, a claimant without reference or named twice. What only the cover terms can tell (a grade
    off the scale, a missing amount) is refused by the calculation.
    """
    if line not in LOSS_KINDS:
        raise LineUnknown.at("", line=line)
    form = body.get("liability_form") or "several"
    if form not in LIABILITY_FORMS:
        raise LiabilityFormUnknown.at("#/liability_form", form=form)
    fault_ratio = share_or_none(body, "fault_ratio", "#")
    facts = AssessedFacts(
        claimants=tuple(
            _claimant(line, one, f"#/claimants/{at}") for at, one in enumerate(rows(body, "claimants", "#"))
        ),
        expenses=tuple(_expense(one, f"#/expenses/{at}") for at, one in enumerate(rows(body, "expenses", "#"))),
        liability_form=form,
        fault_ratio=fault_ratio,
    )
    _check_claimants(facts)
    return facts


def check_facts(line: str, body: Mapping[str, Any]) -> AssessedFacts:
    """`read_facts`, but with every wrong value told at once: one fault is its own refusal, several are one
    `ValidationFailed` (422)."""
    faults = list(_faults(line, body))
    if len(faults) > 1:
        raise ValidationFailed(*(fault for refusal in faults for fault in refusal.faults))
    return read_facts(line, body)


def _faults(line: str, body: Mapping[str, Any]) -> Iterator[CalculationRefused]:
    """The refusal of each claimant, loss and expense read by itself; what they are together comes last."""
    heads = [{**one, "losses": ()} for one in rows(body, "claimants", "#")]
    losses = [
        (one, f"#/claimants/{at}/losses/{n}")
        for at, claimant in enumerate(rows(body, "claimants", "#"))
        for n, one in enumerate(rows(claimant, "losses", f"#/claimants/{at}"))
    ]
    attempts: list[Callable[[], Any]] = [
        *(partial(_claimant, line, one, f"#/claimants/{at}") for at, one in enumerate(heads)),
        *(partial(_loss, line, one, pointer) for one, pointer in losses),
        *(partial(_expense, one, f"#/expenses/{at}") for at, one in enumerate(rows(body, "expenses", "#"))),
        partial(read_facts, line, {**body, "claimants": (), "expenses": ()}),
    ]
    found = [refusal for attempt in attempts if (refusal := _refusal_of(attempt)) is not None]
    together = None if found else _refusal_of(partial(read_facts, line, body))
    yield from found if together is None else [together]


def _refusal_of(attempt: Callable[[], Any]) -> CalculationRefused | None:
    try:
        attempt()
    except CalculationRefused as refusal:
        return refusal
    return None


def _check_claimants(facts: AssessedFacts) -> None:
    seen: set[str] = set()
    for claimant in facts.claimants:
        if claimant.ref in seen:
            raise ClaimantRepeated.at(f"{claimant.pointer}/ref", ref=claimant.ref)
        seen.add(claimant.ref)
        if claimant.victim_fault_ratio + (facts.fault_ratio or 0) > 1:
            raise FaultRatiosExceedWhole.at(f"{claimant.pointer}/victim_fault_ratio")


def _claimant(line: str, source: Mapping[str, Any], pointer: str) -> Claimant:
    ref = source.get("ref")
    if not isinstance(ref, str) or not ref:
        raise ClaimantRefMissing.at(f"{pointer}/ref")
    kind = source.get("kind")
    if kind not in CLAIMANT_KINDS:
        raise ClaimantKindUnknown.at(f"{pointer}/kind", kind=kind)
    return Claimant(
        ref=ref,
        kind=kind,
        losses=tuple(
            _loss(line, one, f"{pointer}/losses/{at}") for at, one in enumerate(rows(source, "losses", pointer))
        ),
        name=source.get("name") or "",
        age_at_loss=days_or_none(source, "age_at_loss", pointer),
        province=source.get("province"),
        victim_fault_ratio=share_or_none(source, "victim_fault_ratio", pointer) or Decimal(0),
        premiums=_premiums(source, pointer),
        pointer=pointer,
    )


def _premiums(source: Mapping[str, Any], pointer: str) -> Premiums | None:
    """All three members or none; a premium due of nothing is no measure."""
    charged, due = (amount_or_none(source, name, pointer) for name in ("premium_charged", "premium_due"))
    misstated = source.get("misstated")
    if charged is None and due is None and misstated is None:
        return None
    if charged is None or not due or misstated not in MISSTATED:
        raise MisstatementIncomplete.at(f"{pointer}/misstated", misstated=misstated)
    return Premiums(misstated, charged, due)


def _loss(line: str, source: Mapping[str, Any], pointer: str) -> Loss:
    kind = source.get("kind")
    if kind not in LOSS_KINDS[line]:
        raise LossKindUnknown.at(f"{pointer}/kind", kind=kind, line=line)
    included = source.get("includes_earlier_injury")
    if included is not None and not isinstance(included, bool):
        raise ValueUnreadable.at(f"{pointer}/includes_earlier_injury", value_kind="truth value")
    return Loss(
        kind=kind,
        amount=amount_or_none(source, "amount", pointer),
        grades=tuple(_grades(source, pointer)),
        days=days_or_none(source, "days", pointer),
        other_sources_amount=amount_or_none(source, "other_sources_amount", pointer) or ZERO,
        occurred_on=day_or_none(source, "occurred_on", pointer),
        includes_earlier_injury=included,
        pointer=pointer,
    )


def _grades(source: Mapping[str, Any], pointer: str) -> Iterator[int]:
    """The grades of all injuries: `grades[]`, or the single `grade`; where both are given `grade` adds nothing."""
    several = source.get("grades") or ()
    if not isinstance(several, (list, tuple)):
        raise ValueUnreadable.at(f"{pointer}/grades", value_kind="list of grades")
    for at, _ in enumerate(several):
        grade = count_or_none({str(at): several[at]}, str(at), f"{pointer}/grades")
        if grade is not None:
            yield grade
    single = count_or_none(source, "grade", pointer)
    if single is not None and not several:
        yield single


def _expense(source: Mapping[str, Any], pointer: str) -> Expense:
    kind = source.get("kind")
    if kind not in EXPENSE_KINDS:
        raise ExpenseKindUnknown.at(f"{pointer}/kind", kind=kind)
    amount = amount_or_none(source, "amount", pointer)
    if amount is None:
        raise AmountMissing.at(f"{pointer}/amount", kind=kind)
    return Expense(kind=kind, amount=amount, pointer=pointer)
