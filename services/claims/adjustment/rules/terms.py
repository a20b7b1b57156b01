"""Cover terms of a policy version: an absent limit is no limit, an absent benefit is not covered, an absent deduction
does not apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from services.claims.adjustment.rules.refusals import CoverTermInvalid

MEDICAL_KINDS = frozenset({"medical", "non_catalogue_medical", "hospital_meals", "nutrition", "follow_up_treatment"})
EXPENSE_KINDS = ("legal", "rescue", "appraisal")
EMPTY: Mapping[Any, Any] = MappingProxyType({})

REDUCING_TERMS = frozenset(
    {
        "medical_deductible",
        "medical_reimbursement_rate",
        "non_catalogue_medical_rate",
        "property_deductible_amount",
        "property_deductible_rate",
        "excluded_kinds",
        "wage_waiting_days",
        "wage_offsets_disability",
        "allowance_waiting_days",
    }
)
"""Terms that lessen the insurer's duty: their explanation must be acknowledged (保险法 art. 17, 解释二 art. 9)."""


@dataclass(frozen=True)
class LiabilityCover:
    """Terms of a liability policy: amounts in yuan, rates as shares of 1, the scale as grade → rate of the benefit.

    `sub_limits`: by head of loss, for each person in an accident. `limit_per_person` is for injury: property damage has
    its own limit there.
    """

    basis: str = "fault"
    limit_per_accident: Decimal | None = None
    limit_per_person: Decimal | None = None
    aggregate_limit: Decimal | None = None
    death_benefit_per_person: Decimal | None = None
    medical_limit_per_person: Decimal | None = None
    medical_deductible: Decimal | None = None
    medical_reimbursement_rate: Decimal | None = None
    non_catalogue_medical_rate: Decimal | None = None
    medical_kinds: frozenset[str] = MEDICAL_KINDS
    wage_daily_amount: Decimal | None = None
    wage_waiting_days: int = 0
    wage_max_days: int | None = None
    wage_offsets_disability: bool = False
    disability_scale: Mapping[int, Decimal] = field(default_factory=lambda: EMPTY)
    property_deductible_amount: Decimal | None = None
    property_deductible_rate: Decimal | None = None
    property_deductible_rule: str = "max"
    expense_limits: Mapping[str, Decimal] = field(default_factory=lambda: EMPTY)
    expenses_inside_limit: bool = False
    excluded_kinds: frozenset[str] = frozenset()
    sub_limits: Mapping[str, Decimal] = field(default_factory=lambda: EMPTY)
    own_share: Decimal = Decimal(1)
    allocation: str = "pro_rata"


@dataclass(frozen=True)
class AccidentCover:
    """Terms of a personal-accident policy. `social_deduction_priced`: what social insurance paid may be deducted
    because the tariff was priced for it (解释三 art. 18)."""

    sum_insured: Decimal | None = None
    disability_scale: Mapping[int, Decimal] = field(default_factory=lambda: EMPTY)
    medical_sum_insured: Decimal | None = None
    medical_deductible: Decimal | None = None
    medical_reimbursement_rate: Decimal | None = None
    social_deduction_priced: bool = False
    allowance_daily_amount: Decimal | None = None
    allowance_waiting_days: int = 0
    allowance_max_days: int | None = None
    benefit_days: int | None = None
    premium_charged_per_person: Decimal | None = None
    premium_due_per_person: Decimal | None = None


class _Terms:
    """A policy's `cover` object under reading: every getter answers None for an absent (or null) term."""

    def __init__(self, cover: Mapping[str, Any]) -> None:
        self.cover = cover

    def number(self, term: str, value: Any = None, *, at_most: int | None = None) -> Decimal | None:
        raw = self.cover.get(term) if value is None else value
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, (str, int, Decimal)):
            raise CoverTermInvalid.at("", term=term)
        try:
            number = Decimal(raw)
        except InvalidOperation:
            raise CoverTermInvalid.at("", term=term) from None
        if not number.is_finite() or number < 0 or (at_most is not None and number > at_most):
            raise CoverTermInvalid.at("", term=term)
        return number

    def rate(self, term: str) -> Decimal | None:
        return self.number(term, at_most=1)

    def count(self, term: str) -> int | None:
        number = self.number(term)
        if number is not None and number != number.to_integral_value():
            raise CoverTermInvalid.at("", term=term)
        return None if number is None else int(number)

    def flag(self, term: str) -> bool:
        value = self.cover.get(term)
        if value is not None and not isinstance(value, bool):
            raise CoverTermInvalid.at("", term=term)
        return bool(value)

    def choice(self, term: str, *allowed: str) -> str:
        """One of `allowed`; the first is what an absent term means."""
        value = self.cover.get(term)
        if value is not None and value not in allowed:
            raise CoverTermInvalid.at("", term=term)
        return value or allowed[0]

    def names(self, term: str, default: frozenset[str]) -> frozenset[str]:
        value = self.cover.get(term)
        if value is None:
            return default
        if isinstance(value, str) or not all(isinstance(one, str) for one in value):
            raise CoverTermInvalid.at("", term=term)
        return frozenset(value)

    def table(self, term: str) -> Mapping[str, Any]:
        value = self.cover.get(term)
        if value is not None and not isinstance(value, Mapping):
            raise CoverTermInvalid.at("", term=term)
        return value or EMPTY

    def scale(self, term: str) -> Mapping[int, Decimal]:
        rates: dict[int, Decimal] = {}
        for grade, rate in self.table(term).items():
            share = self.number(term, rate, at_most=1)
            if not str(grade).isdecimal() or share is None:
                raise CoverTermInvalid.at("", term=term)
            rates[int(grade)] = share
        return MappingProxyType(rates)

    def amounts(self, term: str) -> Mapping[str, Decimal]:
        limits = {kind: self.number(term, limit) for kind, limit in self.table(term).items() if limit is not None}
        return MappingProxyType({kind: limit for kind, limit in limits.items() if limit is not None})


def read_liability_cover(cover: Mapping[str, Any]) -> LiabilityCover:
    """The liability terms in a policy's `cover` object; refuses a value that is not of its term's kind (422)."""
    terms = _Terms(cover)
    own_share = terms.rate("own_share")
    if own_share == 0:
        raise CoverTermInvalid.at("", term="own_share")
    return LiabilityCover(
        basis=terms.choice("basis", "fault", "strict"),
        limit_per_accident=terms.number("limit_per_accident"),
        limit_per_person=terms.number("limit_per_person"),
        aggregate_limit=terms.number("aggregate_limit"),
        death_benefit_per_person=terms.number("death_benefit_per_person"),
        medical_limit_per_person=terms.number("medical_limit_per_person"),
        medical_deductible=terms.number("medical_deductible"),
        medical_reimbursement_rate=terms.rate("medical_reimbursement_rate"),
        non_catalogue_medical_rate=terms.rate("non_catalogue_medical_rate"),
        medical_kinds=terms.names("medical_kinds", MEDICAL_KINDS),
        wage_daily_amount=terms.number("wage_daily_amount"),
        wage_waiting_days=terms.count("wage_waiting_days") or 0,
        wage_max_days=terms.count("wage_max_days"),
        wage_offsets_disability=terms.flag("wage_offsets_disability"),
        disability_scale=terms.scale("disability_scale"),
        property_deductible_amount=terms.number("property_deductible_amount"),
        property_deductible_rate=terms.rate("property_deductible_rate"),
        property_deductible_rule=terms.choice("property_deductible_rule", "max", "sum"),
        expense_limits=terms.amounts("expense_limits"),
        sub_limits=terms.amounts("sub_limits"),
        expenses_inside_limit=terms.flag("expenses_inside_limit"),
        excluded_kinds=terms.names("excluded_kinds", frozenset()),
        own_share=Decimal(1) if own_share is None else own_share,
        allocation=terms.choice("allocation", "pro_rata", "injury_first"),
    )


def read_accident_cover(cover: Mapping[str, Any]) -> AccidentCover:
    """The personal-accident terms in a policy's `cover` object; refuses a value not of its term's kind (422)."""
    terms = _Terms(cover)
    return AccidentCover(
        sum_insured=terms.number("sum_insured"),
        disability_scale=terms.scale("disability_scale"),
        medical_sum_insured=terms.number("medical_sum_insured"),
        medical_deductible=terms.number("medical_deductible"),
        medical_reimbursement_rate=terms.rate("medical_reimbursement_rate"),
        social_deduction_priced=terms.flag("social_deduction_priced"),
        allowance_daily_amount=terms.number("allowance_daily_amount"),
        allowance_waiting_days=terms.count("allowance_waiting_days") or 0,
        allowance_max_days=terms.count("allowance_max_days"),
        benefit_days=terms.count("benefit_days"),
        premium_charged_per_person=terms.number("premium_charged_per_person"),
        premium_due_per_person=terms.number("premium_due_per_person"),
    )
