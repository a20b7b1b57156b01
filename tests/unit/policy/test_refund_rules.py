"""Refunds and additional premium: the worked figures, and what must hold whatever the figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.refund import rules
from shared.clock import SHANGHAI

LOADING = rules.Figures(loading=Decimal("0.25"))
FEE = rules.Figures(handling_fee=Decimal("500.00"))
SHORT = rules.Figures.from_content(
    {"short_period": [{"months": m, "earned": e} for m, e in ((1, "0.10"), (2, "0.20"), (6, "0.60"), (12, "1.00"))]}
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


YEAR = rules.Term(at("2026-01-01"), at("2027-01-01"))


def paid(amount: str, term: rules.Term = YEAR, *, net: bool = False) -> rules.Instalment:
    return rules.Instalment(Decimal(amount), term, net)


def test_a_group_accident_surrender_after_100_of_365_days_gives_the_cash_value() -> None:
    found = rules.cancellation("accident", [paid("36500.00")], YEAR.starts_at + timedelta(days=100), LOADING)
    assert (found.rule, found.amount) == ("accident_cash_value", Decimal("19875.00"))
    [line] = found.shown()["lines"]
    assert "36500.00 × (1 − 25%) × (1 − 100/365) = 19875.00" in line["explanation"]["zh"]
    assert "36500.00 × (1 − 25%) × (1 − 100/365) = 19875.00" in line["explanation"]["en"]


def test_a_part_of_a_day_counts_as_one_day_in_accident() -> None:
    later = rules.cancellation("accident", [paid("36500.00")], YEAR.starts_at + timedelta(days=100, seconds=1), LOADING)
    assert later.amount == Decimal("19800.00")


def test_a_liability_cancellation_on_may_day_gives_245_of_365_days() -> None:
    found = rules.cancellation("liability", [paid("73000.00")], at("2026-05-01T15:30:00"), FEE)
    assert (found.rule, found.amount) == ("pro_rata", Decimal("49000.00"))
    assert "73000.00 × 245/365 = 49000.00" in found.parts[0].text.en


def test_before_inception_the_premium_less_the_fee_is_returned() -> None:
    found = rules.cancellation("liability", [paid("86000.00")], at("2025-12-31T23:59:59"), FEE)
    assert [(one.kind, one.amount) for one in found.parts] == [
        ("premium", Decimal("86000.00")), ("handling_fee", Decimal("-500.00")),
    ]  # fmt: skip
    assert found.amount == Decimal("85500.00")
    small = rules.cancellation("liability", [paid("300.00")], at("2025-12-31"), FEE)
    assert small.amount == Decimal("0.00")
    share = rules.Figures.from_content({"handling_fee_rate": "0.05"})
    assert rules.cancellation("liability", [paid("86000.00")], at("2025-12-31"), share).amount == Decimal("81700.00")


def test_the_first_day_of_cover_is_after_inception() -> None:
    assert rules.cancellation("liability", [paid("73000.00")], YEAR.starts_at, FEE).amount == Decimal("73000.00")


def test_the_short_period_table_holds_for_the_policyholder_and_never_for_the_insurer() -> None:
    day = at("2026-02-10T09:00:00")
    own = rules.cancellation("liability", [paid("73000.00")], day, SHORT)
    assert (own.rule, own.amount) == ("short_period", Decimal("58400.00"))
    theirs = rules.cancellation("liability", [paid("73000.00")], day, SHORT, by_insurer=True)
    assert (theirs.rule, theirs.amount) == ("pro_rata", Decimal("65000.00"))


def test_what_was_added_late_is_given_back_by_its_own_days() -> None:
    half = rules.Term(at("2026-07-02"), at("2027-01-01"))
    day = at("2026-10-01")
    found = rules.cancellation("liability", [paid("73000.00"), paid("18300.00", half)], day, FEE)
    assert [one.amount for one in found.parts] == [Decimal("18400.00"), Decimal("9200.00")]


def test_heads_that_left_are_not_given_back_twice_and_without_loading_once() -> None:
    change = rules.head_change(rules.HeadChange.at(Decimal("182.50"), 0, 100), YEAR, at("2026-04-11"), LOADING)
    gone = rules.Instalment(change.amount, rules.Term(at("2026-04-11"), at("2027-01-01")), net=True)
    day = at("2026-07-20")
    found = rules.cancellation("accident", [paid("91250.00"), gone], day, LOADING)
    only_the_others = rules.cancellation("accident", [paid("73000.00")], day, LOADING)
    assert abs(found.amount - only_the_others.amount) <= Decimal("0.01")


def test_heads_added_pay_gross_and_heads_removed_get_net_and_both_are_netted() -> None:
    """20 join and 30 leave 云泽建工's 500 on the 101st day: 265 of 365 days are left."""
    day = at("2026-04-11T10:00:00")
    found = rules.head_change(rules.HeadChange.at(Decimal("182.50"), 20, 30), YEAR, day, LOADING)
    assert [(one.kind, one.amount) for one in found.parts] == [
        ("added_heads", Decimal("2650.00")), ("removed_heads", Decimal("-2981.25")),
    ]  # fmt: skip
    assert found.amount == Decimal("-331.25")


def test_a_premium_that_rises_or_falls_is_reckoned_by_the_days_left() -> None:
    day = at("2026-05-01")
    more = rules.premium_change(Decimal("73000.00"), Decimal("87600.00"), YEAR, day)
    less = rules.premium_change(Decimal("87600.00"), Decimal("73000.00"), YEAR, day)
    assert (more.amount, less.amount) == (Decimal("9800.00"), Decimal("-9800.00"))


def test_less_premium_in_accident_goes_back_without_loading() -> None:
    found = rules.premium_change(Decimal("36500.00"), Decimal("0.00"), YEAR, YEAR.starts_at, LOADING)
    assert found.amount == Decimal("-27375.00")


def test_a_term_that_is_extended_costs_its_days_and_one_that_is_cut_gives_them_back() -> None:
    longer = rules.period_change(Decimal("36500.00"), YEAR, at("2027-01-31"))
    shorter = rules.period_change(Decimal("36500.00"), YEAR, at("2026-12-02"), LOADING)
    assert (longer.amount, shorter.amount) == (Decimal("3000.00"), Decimal("-2250.00"))


def test_a_product_without_its_figures_is_not_computed_with_invented_ones() -> None:
    with pytest.raises(rules.FiguresMissing) as no_loading:
        rules.cancellation("accident", [paid("100.00")], at("2026-05-01"), rules.Figures())
    assert no_loading.value.members == {"missing": "loading"}
    with pytest.raises(rules.FiguresMissing):
        rules.cancellation("liability", [paid("100.00")], at("2025-05-01"), rules.Figures())


@pytest.mark.parametrize(
    "table",
    [
        [{"months": 1, "earned": "0.5"}, {"months": 2, "earned": "0.4"}],
        [{"months": 2, "earned": "0.1"}, {"months": 1, "earned": "0.4"}],
        [{"months": 1, "earned": "1.1"}],
    ],
)
def test_a_short_period_table_that_falls_or_exceeds_the_whole_is_no_table(table: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match=r"short-period|share earned"):
        rules.Figures.from_content({"short_period": table})


amounts = st.decimals(min_value=0, max_value=10_000_000, places=2, allow_nan=False)
moments = st.integers(-40 * 86400, 420 * 86400).map(lambda s: YEAR.starts_at + timedelta(seconds=s))
loadings = st.decimals(min_value=0, max_value=1, places=2, allow_nan=False)


@st.composite
def situations(draw: st.DrawFn) -> tuple[str, list[rules.Instalment], rules.Figures, bool]:
    instalments = [rules.Instalment(draw(amounts), YEAR)]
    for _ in range(draw(st.integers(0, 4))):
        day = draw(st.integers(0, 364))
        instalments.append(
            rules.Instalment(draw(amounts), rules.Term(YEAR.starts_at + timedelta(days=day), YEAR.ends_at))
        )
    table = SHORT.short_period if draw(st.booleans()) else ()
    figures = rules.Figures(draw(loadings), draw(amounts), short_period=table)
    return draw(st.sampled_from(["liability", "accident"])), instalments, figures, draw(st.booleans())


@given(situations(), moments)
def test_a_refund_is_never_negative_and_never_above_what_was_paid(situation: object, moment: datetime) -> None:
    line, instalments, figures, by_insurer = situation  # type: ignore[misc]
    found = rules.cancellation(line, instalments, moment, figures, by_insurer=by_insurer)
    assert Decimal("0.00") <= found.amount <= sum(one.amount for one in instalments)
    assert found.amount == found.amount.quantize(Decimal("0.01"))


@given(situations(), moments, moments)
def test_who_cancels_later_never_gets_more_once_cover_has_begun(
    situation: object, one: datetime, other: datetime
) -> None:
    line, instalments, figures, by_insurer = situation  # type: ignore[misc]
    begun = max(one.term.starts_at for one in instalments)
    first, second = sorted((max(one, begun), max(other, begun)))
    earlier = rules.cancellation(line, instalments, first, figures, by_insurer=by_insurer)
    later = rules.cancellation(line, instalments, second, figures, by_insurer=by_insurer)
    assert later.amount <= earlier.amount


@given(st.integers(0, 500), st.integers(0, 500), amounts, loadings, moments)
def test_a_removal_never_gives_back_more_than_an_addition_costs(
    added: int, removed: int, per_head: Decimal, loading: Decimal, moment: datetime
) -> None:
    figures = rules.Figures(loading)
    joined = rules.head_change(rules.HeadChange.at(per_head, added, 0), YEAR, moment, figures).amount
    left = rules.head_change(rules.HeadChange.at(per_head, 0, removed), YEAR, moment, figures).amount
    assert joined >= 0 >= left
    assert joined <= per_head * added
    assert -left <= per_head * removed
    both = rules.head_change(rules.HeadChange.at(per_head, added, removed), YEAR, moment, figures)
    assert both.amount == joined + left
    if added == removed:
        assert both.amount >= 0
