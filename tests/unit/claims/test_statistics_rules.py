"""Statistics: shares, ranks, months; pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from services.claims.statistics import rules
from services.claims.statistics.rules import CASES, Counted, GroupKey, Share
from shared.errors import InvalidParameter

NAMES = {*CASES.values(), "late_decision_count", "late_payment_count", "overturned_count"}
NAMES |= {"determination_days", "settlement_days"}


def group(**counts: int) -> Counted:
    return Counted(("x",), {**dict.fromkeys(NAMES, 0), **counts})


def test_shares_are_rounded_half_up_and_absent_without_cases() -> None:
    one = group(decided_count=3, refused_count=2, overturned_count=1, determined_count=8, determination_days=10)
    assert one.share(Share.REFUSAL_RATE) == Decimal("0.6667")
    assert one.share(Share.OVERTURN_RATE) == Decimal("0.5000")
    assert one.share(Share.DAYS_TO_DECISION) == Decimal("1.3")
    assert one.share(Share.PAYMENT_ON_TIME_RATE) is None
    late = group(timed_payment_count=4, late_payment_count=1)
    assert late.share(Share.PAYMENT_ON_TIME_RATE) == Decimal("0.7500")


def test_more_in_time_and_fewer_days_come_first_and_equals_stand_together() -> None:
    on_time = [group(timed_decision_count=40, late_decision_count=late) for late in (4, 0, 4, 8)]
    assert rules.ranks(on_time, Share.DECISION_ON_TIME_RATE, 30) == [2, 1, 2, 4]
    days = [group(settled_count=40, settlement_days=days) for days in (400, 100)]
    assert rules.ranks(days, Share.DAYS_TO_SETTLEMENT, 30) == [2, 1]


def test_few_cases_are_never_ranked_and_take_no_place() -> None:
    groups = [group(decided_count=29), group(decided_count=30, refused_count=3), group(decided_count=500)]
    assert rules.ranks(groups, Share.REFUSAL_RATE, 30) == [None, 2, 1]


def test_months_are_twelve_where_nothing_is_said() -> None:
    assert rules.read_months(None, None, date(2026, 11, 24)) == (date(2025, 12, 1), date(2026, 11, 1))
    assert rules.read_months(date(2026, 1, 31), date(2026, 1, 1), date(2026, 11, 24)) == (date(2026, 1, 1),) * 2
    assert rules.read_months(None, date(2026, 1, 9), date(2026, 11, 24)) == (date(2025, 2, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [(date(2026, 2, 1), date(2026, 1, 1), "months_reversed"), (date(2016, 1, 1), date(2026, 1, 1), "too_many_months")],
)
def test_months_the_wrong_way_round_or_too_many_are_refused(first: date, last: date, code: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        rules.read_months(first, last, date(2026, 11, 24))
    assert [fault.code for fault in refused.value.faults] == [code]


def test_keys_keep_their_order_and_come_once() -> None:
    assert rules.read_keys("month, unit,month") == [GroupKey.MONTH, GroupKey.UNIT]
    with pytest.raises(InvalidParameter):
        rules.read_keys("unit,person")
    with pytest.raises(InvalidParameter):
        rules.refuse_too_many(rules.MAX_GROUPS + 1)
