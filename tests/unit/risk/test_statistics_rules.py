"""Rates, ranks and periods of loss prevention."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from services.risk.report.queries import percent, wan
from services.risk.statistics import rules
from services.risk.statistics.rules import Cures, Stretch, Visits
from shared.errors import InvalidParameter

TODAY = date(2026, 11, 24)


def test_an_empty_month_is_no_perfect_one() -> None:
    assert Visits(due=3).completion is None
    assert Visits(due=4, in_time=2, late=1, overdue=1).completion == Decimal("0.7500")
    assert Cures(due=3, in_time=1, late=0, overdue=2).rectification == Decimal("0.3333")
    assert (percent(None), percent(Decimal("0.3333")), wan(Decimal("2400000"))) == ("—", "33.3%", "240.00")


def test_days_are_those_asked_for_or_the_year_so_far() -> None:
    assert rules.stretch(None, None, TODAY) == Stretch(date(2026, 1, 1), TODAY)
    assert rules.stretch(date(2025, 5, 1), date(2025, 5, 31), TODAY).last == date(2025, 5, 31)
    for first, last in ((date(2026, 12, 1), None), (date(2020, 1, 1), TODAY)):
        with pytest.raises(InvalidParameter):
            rules.stretch(first, last, TODAY)


@pytest.mark.parametrize(
    ("name", "last", "before"),
    [("2026-02", date(2026, 2, 28), date(2026, 1, 1)), ("2026-01", date(2026, 1, 31), date(2025, 12, 1))],
)
def test_a_month_has_its_days(name: str, last: date, before: date) -> None:
    month = rules.month_of(name)
    assert month is not None
    assert (month.first.isoformat(), month.last) == (f"{name}-01", last)
    assert rules.month_before(month.first).first == before


@pytest.mark.parametrize("name", ["2026-13", "2026-1", "x2026-10", "2026-10-01", "1999-12"])
def test_what_is_no_month_has_no_days(name: str) -> None:
    assert rules.month_of(name) is None


def test_equal_rates_share_a_rank_and_small_groups_have_none() -> None:
    half, best = Decimal("0.5"), Decimal(1)
    rates = {"a": (half, 9), "b": (best, 5), "c": (half, 5), "d": (best, 4), "e": (None, 9), "f": (Decimal(0), 9)}
    assert rules.ranks(rates, 5) == {"b": 1, "a": 2, "c": 2, "f": 4}
