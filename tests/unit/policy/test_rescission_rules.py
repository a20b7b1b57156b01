"""The right of rescission: its two bars, what takes it away, and what follows from it."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.rescission import rules
from shared.calendar import BusinessCalendar
from shared.deadline_registry import DeadlineRegistry
from shared.errors import OccurredInFuture

ROOT = Path(__file__).parents[3]


def content(path: str) -> Any:
    return tomllib.loads((ROOT / path).read_text("utf-8"))["content"]


ROW = DeadlineRegistry.from_content(content("services/policy/rule_sets/deadlines.2026-1.toml")).row(
    "DL-UW-1", date(2026, 6, 1)
)
CALENDAR = BusinessCalendar.from_content(content("gateway/authority/rule_sets/calendars.2026-1.toml"), "2026-1")
FORMED, KNOWN = date(2025, 11, 10), date(2026, 6, 1)


def judge(today: date, known: date = KNOWN, premiums: tuple[date, ...] = (), **ground: Any) -> None:
    asked = rules.Ground(**{"question_code": "Q14", "known_on": known, "asked": {"Q14"}} | ground)
    right = rules.last_day(ROW, asked.known_on, FORMED, CALENDAR)
    rules.may_rescind(asked, right, FORMED, today, premiums, rules.bar_day(ROW, FORMED))


def test_the_thirtieth_day_is_the_last_and_does_not_roll() -> None:
    assert rules.last_day(ROW, KNOWN, FORMED, CALENDAR).due_on == date(2026, 7, 1)
    judge(date(2026, 7, 1))
    with pytest.raises(rules.RescissionLapsed) as lapsed:
        judge(date(2026, 7, 2))
    assert lapsed.value.members == {"last_on": "2026-07-01", "bar": "thirty_days"}
    saturday = date(2026, 6, 13)
    known = saturday - timedelta(days=30)
    judge(saturday, known)
    with pytest.raises(rules.RescissionLapsed):
        judge(saturday + timedelta(days=2), known)


def test_two_years_after_formation_nothing_is_rescinded_even_if_known_yesterday() -> None:
    judge(date(2027, 11, 10), date(2027, 11, 9))
    with pytest.raises(rules.RescissionLapsed) as lapsed:
        judge(date(2027, 11, 11), date(2027, 11, 10))
    assert lapsed.value.members == {"last_on": "2027-11-10", "bar": "two_years"}


def test_what_was_never_asked_or_known_from_the_start_is_no_ground() -> None:
    with pytest.raises(rules.NeverAsked):
        judge(date(2026, 6, 10), question_code="Q99")
    with pytest.raises(rules.NeverAsked):
        judge(date(2026, 6, 10), asked=None)
    judge(date(2026, 6, 10), asked=None, proposal_reference="投保单 2025-000117 第14项")
    with pytest.raises(rules.KnownAtFormation):
        judge(date(2025, 11, 12), FORMED)
    with pytest.raises(OccurredInFuture):
        judge(KNOWN, KNOWN + timedelta(days=1))


def test_premium_accepted_after_the_knowledge_takes_the_right_away() -> None:
    judge(date(2026, 6, 20), premiums=(date(2025, 11, 10), KNOWN))
    with pytest.raises(rules.PremiumAcceptedWithKnowledge) as accepted:
        judge(date(2026, 6, 20), premiums=(date(2026, 6, 10),))
    assert accepted.value.members == {"received_on": "2026-06-10"}


@pytest.mark.parametrize(
    ("intent", "influence", "losses_paid", "refund"),
    [
        ("intent", True, False, "0.00"),
        ("intent", False, False, "0.00"),
        ("gross_negligence", True, False, "48000.00"),
        ("gross_negligence", False, True, "48000.00"),
    ],
)
def test_intent_keeps_the_premium_and_gross_negligence_returns_it(
    intent: str, influence: bool, losses_paid: bool, refund: str
) -> None:
    found = rules.consequence(rules.Intent(intent), influence, Decimal("48000.00"))
    assert found == rules.Consequence(losses_paid, Decimal(refund))


@given(st.dates(FORMED + timedelta(days=1), date(2028, 6, 1)), st.integers(0, 900))
def test_the_last_day_is_the_earlier_of_the_two_bars(known: date, later: int) -> None:
    last = min(known + timedelta(days=30), date(2027, 11, 10))
    today = known + timedelta(days=later)
    if today <= last:
        judge(today, known)
    else:
        with pytest.raises(rules.RescissionLapsed):
            judge(today, known)
