"""Comparing with the core: the cause before its consequences, and the master's word."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.policy.rules import ItemKind
from services.policy.reconciliation import rules
from services.policy.reconciliation.rules import ResolutionOutcome, Stated, Stored
from shared.clock import at_midnight
from shared.errors import Problem

DAY = date(2026, 11, 24)
NOON = at_midnight(DAY) + timedelta(hours=12)
ENDS = at_midnight(date(2027, 11, 24))


def stored(number: int, at: datetime = NOON, status: str = "in_force", premium: str = "10.00") -> Stored:
    return Stored(number, at, status, None, ENDS, Decimal(premium))


def stated(number: int = 1, status: str = "in_force", premium: str = "10.00", paid: str = "0.00") -> Stated:
    return Stated(number, status, Decimal(premium), Decimal(paid))


def kinds(versions: list[Stored], theirs: Stated, paid: str = "0.00", as_of: date = DAY) -> list[ItemKind]:
    return [one.kind for one in rules.differences(versions, Decimal(paid), theirs, as_of)]


def test_two_that_agree_have_no_difference() -> None:
    assert kinds([stored(1)], stated()) == []
    assert kinds([stored(1), stored(2, premium="12.00")], stated(2, premium="12.00")) == []


def test_another_version_is_named_and_not_what_follows_from_it() -> None:
    assert kinds([stored(1)], stated(2, "cancelled", "1.00")) == [ItemKind.VERSION]
    assert kinds([stored(1), stored(2)], stated(1)) == [ItemKind.VERSION]


def test_a_version_that_came_after_the_day_is_no_difference() -> None:
    later = stored(2, at_midnight(DAY + timedelta(days=1)), premium="99.00")
    assert kinds([stored(1), later], stated(1)) == []


def test_status_premium_claims_and_gaps_are_named_each() -> None:
    assert kinds([stored(1)], stated(status="cancelled")) == [ItemKind.STATUS]
    assert kinds([stored(1)], stated(premium="9.99")) == [ItemKind.PREMIUM]
    assert kinds([stored(1)], stated(paid="1.00")) == [ItemKind.CLAIMS_PAID]
    assert kinds([stored(3)], stated(3)) == [ItemKind.VERSION_GAP]


def test_a_term_that_is_over_counts_as_expired() -> None:
    assert kinds([stored(1)], stated(status="expired"), as_of=date(2027, 11, 24)) == []
    assert kinds([stored(1)], stated(), as_of=date(2027, 11, 24)) == [ItemKind.STATUS]


@given(st.sets(st.integers(1, 9), min_size=1), st.integers(1, 9))
def test_both_sides_agree_on_the_version_exactly_if_the_newest_is_the_same(numbers: set[int], theirs: int) -> None:
    found = kinds([stored(n) for n in sorted(numbers)], stated(theirs))
    assert (ItemKind.VERSION in found) == (max(numbers) != theirs)


@pytest.mark.parametrize("kind", list(ItemKind))
@pytest.mark.parametrize("made_here", [True, False])
def test_exactly_one_side_can_be_accepted_and_everything_can_be_explained(kind: ItemKind, made_here: bool) -> None:
    kept_here = made_here or kind in (ItemKind.CLAIMS_PAID, ItemKind.OWNED_HERE)
    sides = [ResolutionOutcome.ACCEPT_CORE, ResolutionOutcome.ACCEPT_OURS]
    refused, accepted = sides if kept_here else reversed(sides)
    assert rules.resolve("open", kind, accepted, made_here) == "resolved"
    with pytest.raises(rules.MasterDecides):
        rules.resolve("open", kind, refused, made_here)
    assert rules.resolve("open", kind, ResolutionOutcome.EXPLAINED, made_here) == "resolved"
    with pytest.raises(Problem):
        rules.resolve("resolved", kind, ResolutionOutcome.EXPLAINED, made_here)
