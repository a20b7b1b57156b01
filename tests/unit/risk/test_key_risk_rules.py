"""Who needs a risk control file, on the thresholds that are shipped."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.risk.key_risk import rules
from services.risk.key_risk.rules import ClaimSeen, Cover, Criterion, FileStatus
from shared.errors import StateConflict

SHIPPED = Path(__file__).parents[3] / "services/risk/rule_sets/thresholds.2026-2.toml"
RULE_SET = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
THRESHOLDS = rules.read_thresholds(RULE_SET["content"]["key_risk"])
TODAY = date(2026, 7, 15)
SMALL = Cover(Decimal("1000000.00"))


def met(covers=(SMALL,), places=(), claims=()):
    return rules.criteria(covers, places, claims, TODAY, THRESHOLDS)


def test_the_rule_set_says_where_it_comes_from():
    assert {"name", "version", "effective_from", "source", "tag", "content"} == set(RULE_SET)
    assert RULE_SET["name"] == "thresholds"


def test_an_ordinary_customer_meets_nothing():
    assert met() == []


def test_a_high_limit_is_reached_exactly_at_the_figure():
    assert met([Cover(Decimal("5000000.00"))]) == [Criterion.HIGH_LIMIT]
    assert met([Cover(Decimal("4999999.99"))]) == []


def test_without_a_limit_per_accident_the_aggregate_is_at_stake_and_without_both_the_sky():
    assert met([Cover(None, Decimal("1100000.00"))]) == []
    assert met([Cover(Decimal("9000000.00"), Decimal("1100000.00"))]) == []
    assert met([Cover(None)]) == [Criterion.HIGH_LIMIT]
    assert met([Cover(None, liability=False)]) == []


def test_many_insured_in_one_place_or_a_dangerous_trade_are_concentration():
    assert met(places=[49, 49]) == []
    assert met(places=[3, 50]) == [Criterion.CONCENTRATION]
    assert met([Cover(Decimal("1.00"), industry="dangerous_chemicals")]) == [Criterion.CONCENTRATION]


def test_three_claims_in_twelve_months_are_frequent():
    days = [date(2025, 7, 16), date(2026, 1, 1), TODAY]
    assert met(claims=[ClaimSeen(day) for day in days]) == [Criterion.FREQUENCY]
    assert met(claims=[ClaimSeen(day) for day in [date(2025, 7, 15), *days[1:]]]) == []


def test_two_claims_with_bodily_injury_are_frequent():
    assert met(claims=[ClaimSeen(date(2026, 1, 1), True), ClaimSeen(date(2026, 5, 1), True)]) == [Criterion.FREQUENCY]
    assert met(claims=[ClaimSeen(date(2026, 1, 1), True), ClaimSeen(date(2026, 5, 1))]) == []
    assert met(claims=[ClaimSeen(date(2025, 7, 16), True), ClaimSeen(TODAY, True)]) == [Criterion.FREQUENCY]
    assert met(claims=[ClaimSeen(date(2025, 7, 15), True), ClaimSeen(TODAY, True)]) == []


def test_criteria_come_in_one_order():
    claims = [ClaimSeen(TODAY, True)] * 3
    assert met([Cover(Decimal("5000000.00"))], [80], claims) == list(Criterion)


def test_one_file_for_each_customer():
    assert rules.open_file(None) is FileStatus.OPEN
    assert rules.open_file(FileStatus.CLOSED) is FileStatus.OPEN
    for status in (FileStatus.OPEN, FileStatus.ACTIVE):
        with pytest.raises(rules.KeyRiskFileExists):
            rules.open_file(status)


def test_a_file_stays_open_while_a_criterion_holds():
    assert rules.close_file(FileStatus.ACTIVE, []) is FileStatus.CLOSED
    with pytest.raises(rules.CriterionStillHolds) as refused:
        rules.close_file(FileStatus.ACTIVE, [Criterion.FREQUENCY])
    assert refused.value.members["criteria"] == ["frequency"]
    with pytest.raises(StateConflict):
        rules.close_file(FileStatus.OPEN, [])


def test_key_risk_customers_are_spoken_to_within_the_gap():
    assert not rules.contact_overdue(date(2026, 4, 16), TODAY, 90)
    assert rules.contact_overdue(date(2026, 4, 15), TODAY, 90)
