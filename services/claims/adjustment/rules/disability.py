"""Disability grades and the benefit scale of a policy; statutory compensation for death and disability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.claims.adjustment.rules.refusals import CoverTermInvalid, GradeOffScale
from services.claims.adjustment.rules.terms import EMPTY
from shared.money import half_up


def combined_grade(grades: Sequence[int]) -> int:
    """The one grade of all injuries of an accident: the worst; where two or more share it, one grade worse, at most 1.

    Ratios are never added (JR/T 0083-2013; the same rule in GB/T 16180). `grades` must not be empty; 1 is the worst.
    """
    worst = min(grades)
    return max(1, worst - 1) if list(grades).count(worst) > 1 else worst


def rate_of(scale: Mapping[int, Decimal], grades: Sequence[int], pointer: str) -> tuple[int, Decimal]:
    """The combined grade and its rate on `scale`. Refuses a grade, single or combined, that is off the scale (422)."""
    for grade in (*grades, combined_grade(grades)):
        if grade not in scale:
            raise GradeOffScale.at(pointer, grade=grade, grades_on_scale=sorted(scale))
    grade = combined_grade(grades)
    return grade, scale[grade]


@dataclass(frozen=True)
class CompensationYears:
    """How many years of income death or disability is compensated with, by age (人身损害赔偿解释 art. 12, 15).

    `full_years` below `reduced_from_age`; from then on one less for each year of age beyond it; from
    `floor_from_age` on `floor_years`.
    """

    full_years: int
    reduced_from_age: int
    floor_from_age: int
    floor_years: int

    def at_age(self, age: int) -> int:
        """Years of compensation at `age`, for a disability the age on the day of the rating."""
        if age >= self.floor_from_age:
            return self.floor_years
        return self.full_years - max(0, age - self.reduced_from_age)


@dataclass(frozen=True)
class CompensationFigures:
    """The figures of one province and year: yuan of yearly disposable income of urban residents, yuan of monthly wage,
    months of wage for a funeral (art. 14), share of the whole for each disability grade."""

    yearly_income: Decimal
    monthly_wage: Decimal
    funeral_months: int
    years: CompensationYears
    grade_shares: Mapping[int, Decimal] = field(default_factory=lambda: EMPTY)

    def death(self, age: int) -> Decimal:
        """Death compensation in yuan (art. 15)."""
        return half_up(self.yearly_income * self.years.at_age(age))

    def disability(self, age: int, grade: int, pointer: str = "") -> Decimal:
        """Disability compensation in yuan for one grade (art. 12); refuses a grade without a share (422)."""
        if grade not in self.grade_shares:
            raise GradeOffScale.at(pointer, grade=grade, grades_on_scale=sorted(self.grade_shares))
        return half_up(self.yearly_income * self.years.at_age(age) * self.grade_shares[grade])

    def funeral(self) -> Decimal:
        """Funeral costs in yuan (art. 14)."""
        return half_up(self.monthly_wage * self.funeral_months)


def read_compensation_figures(content: Mapping[str, Any]) -> CompensationFigures:
    """The figures out of one entry of dated data:

    `{yearly_income, monthly_wage, funeral_months, years: {full_years, reduced_from_age, floor_from_age, floor_years},
    grade_shares: {"1": "1.00", …}}`; refuses an incomplete entry (422 `cover_term_invalid`).
    """
    try:
        return CompensationFigures(
            yearly_income=Decimal(content["yearly_income"]),
            monthly_wage=Decimal(content["monthly_wage"]),
            funeral_months=int(content["funeral_months"]),
            years=CompensationYears(**{name: int(value) for name, value in content["years"].items()}),
            grade_shares={int(grade): Decimal(share) for grade, share in content["grade_shares"].items()},
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as problem:
        raise CoverTermInvalid.at("", term="compensation_figures") from problem
