"""Criteria, tiers and states of key accounts."""

from __future__ import annotations

import itertools
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from services.crm.key_account import rules
from services.crm.key_account.rules import Figures, KeyAccountStatus, Size
from shared.errors import SeparationOfDuties, StateConflict

ROOT = Path(__file__).parents[3] / "services/crm/rule_sets"


def _content(name: str, version: str = "2026-1") -> dict:
    return tomllib.loads((ROOT / f"{name}.{version}.toml").read_text("utf-8"))["content"]


SCHEME = rules.read_scheme(_content("key_accounts"), _content("thresholds", "2026-2")["key_account"])
S = KeyAccountStatus


def figures(premium: str = "0.00", insured: int = 0, limit: str = "0.00") -> Figures:
    return Figures(Decimal(premium), insured, Decimal(limit))


@pytest.mark.parametrize(
    ("given", "tier", "met"),
    [
        (figures("499999.99", 499, "19999999.99"), None, []),
        (figures("500000.00"), "b", ["annual_premium"]),
        (figures(insured=500), "b", ["insured_persons"]),
        (figures(limit="20000000.00"), "b", ["limit"]),
        (figures("1999999.99", 1999, "49999999.99"), "b", ["annual_premium", "insured_persons", "limit"]),
        (figures("2000000.00"), "a", ["annual_premium"]),
        (figures("500000.00", 2000), "a", ["insured_persons"]),
    ],
)
def test_each_threshold_includes_its_figure_and_one_is_enough(given: Figures, tier: str | None, met: list[str]) -> None:
    reached = SCHEME.reached(given)
    assert (None if reached is None else reached.name, [] if reached is None else reached.met_by(given)) == (tier, met)


def test_premiums_are_added_by_the_year_and_people_are_not_counted_twice() -> None:
    year = Size(Decimal("91250.00"), date(2026, 1, 1), date(2027, 1, 1), 500, None)
    long = Size(Decimal("730.00"), date(2026, 1, 1), date(2028, 1, 1), 400, Decimal("3000000.00"))
    found = rules.figures_of([year, long], Decimal("620000.00"))
    assert found.shown() == {"annual_premium": "711615.00", "insured_persons": 500, "limit": "3000000.00"}


def test_the_tier_is_at_most_the_one_reached_and_by_the_name_alone_the_lowest() -> None:
    assert rules.tier_for(SCHEME, figures("2000000.00"), None, False) == "a"
    assert rules.tier_for(SCHEME, figures("2000000.00"), "b", False) == "b"
    assert rules.tier_for(SCHEME, figures(), None, True) == "b"
    with pytest.raises(rules.TierNotReached):
        rules.tier_for(SCHEME, figures("500000.00"), "a", False)
    with pytest.raises(rules.CriteriaNotMet):
        rules.tier_for(SCHEME, figures(), "b", False)
    with pytest.raises(rules.TierUnknown):
        rules.tier_for(SCHEME, figures("500000.00"), "z", False)


def test_exactly_the_moves_of_the_machine_are_legal() -> None:
    legal = {
        (S.NOMINATED, S.APPROVED), (S.NOMINATED, S.EXITED), (S.APPROVED, S.ACTIVE), (S.APPROVED, S.EXITED),
        (S.ACTIVE, S.ANNUAL_REVIEW), (S.ACTIVE, S.EXITED), (S.ANNUAL_REVIEW, S.ACTIVE),
        (S.ANNUAL_REVIEW, S.TIER_CHANGED), (S.ANNUAL_REVIEW, S.EXITED), (S.TIER_CHANGED, S.ANNUAL_REVIEW),
        (S.TIER_CHANGED, S.EXITED),
    }  # fmt: skip
    for one, other in itertools.product(S, S):
        if (one, other) in legal:
            assert rules.advance(one, other) is other
        else:
            with pytest.raises(StateConflict):
                rules.advance(one, other)


def test_nobody_approves_what_he_proposed_and_no_complaint_officer_is_a_manager() -> None:
    one, other = uuid4(), uuid4()
    rules.refuse_own([one], [other, None])
    with pytest.raises(SeparationOfDuties):
        rules.refuse_own([one, other], [other])
    rules.check_manager(["account_manager"])
    with pytest.raises(rules.ManagerIsComplaintOfficer):
        rules.check_manager(["account_manager", "complaint_officer"])
