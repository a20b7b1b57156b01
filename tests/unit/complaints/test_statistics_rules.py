"""Statistics that leave nobody out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.complaints.statistics import rules
from services.complaints.statistics.rules import GroupKey, Period
from shared.errors import InvalidParameter


def test_keys_are_read_in_order_and_once():
    assert rules.read_keys("unit, cause,unit") == [GroupKey.UNIT, GroupKey.CAUSE]
    for wrong in ("unit,colour", ""):
        with pytest.raises(InvalidParameter) as refused:
            rules.read_keys(wrong)
        assert refused.value.faults[0].parameter == "group_by"


def test_periods_have_names():
    day = date(2026, 5, 11)
    assert [rules.bucket(day, period) for period in Period] == ["2026-05-11", "2026-W20", "2026-05"]
    assert rules.bucket(date(2027, 1, 1), Period.WEEK) == "2026-W53"


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(Period))
def test_a_day_lies_in_the_period_named_after_it(day, period):
    first, after = rules.bucket_days(rules.bucket(day, period), period)
    assert first <= day < after
    assert rules.bucket(after, period) != rules.bucket(day, period) == rules.bucket(after - timedelta(days=1), period)


def test_counts_add_up_to_all_complaints_whatever_became_of_them():
    rows = [
        (date(2026, 5, 1), {GroupKey.UNIT: "3201", GroupKey.OUTCOME: "upheld"}),
        (date(2026, 5, 2), {GroupKey.UNIT: "3201", GroupKey.OUTCOME: None}),
        (date(2026, 5, 31), {GroupKey.UNIT: "3201"}),
        (date(2026, 6, 1), {GroupKey.UNIT: "3202", GroupKey.OUTCOME: "merged"}),
    ]
    counted = rules.group(rows, [GroupKey.UNIT, GroupKey.OUTCOME], Period.MONTH)
    assert counted == {
        ("2026-05", "3201", "not_stated"): 2,
        ("2026-05", "3201", "upheld"): 1,
        ("2026-06", "3202", "merged"): 1,
    }
    assert sum(counted.values()) == len(rows)


def test_nothing_counted_is_not_a_hundred_per_cent():
    assert rules.ratio(0, 0) is None
    assert rules.ratio(2, 3) == Decimal("0.6667")


@given(st.dictionaries(st.tuples(st.sampled_from("ab"), st.text("xyz", max_size=3)), st.integers(0, 9), max_size=20))
def test_a_rank_is_one_more_than_the_groups_with_more_complaints(counts):
    wanted = {
        name: 1 + sum(other[0] == name[0] and more > count for other, more in counts.items())
        for name, count in counts.items()
        if count >= 4
    }
    assert rules.ranks(counts, 4) == wanted


def test_days_in_the_wrong_order_and_too_many_groups_are_refused():
    day = date(2026, 5, 2)
    for first, last in ((None, None), (day, None), (None, day), (day, day)):
        rules.check_days(first, last)
    rules.refuse_too_many(rules.MAX_GROUPS)
    for wrong in (lambda: rules.check_days(day, day - timedelta(days=1)), lambda: rules.refuse_too_many(5_001)):
        with pytest.raises(InvalidParameter):
            wrong()
