"""Applications: their states, who may be insured how, what it costs, what a survey and an answer ask for."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.application import rules
from services.policy.application.rules import ApplicationKind, ApplicationStatus, Listed
from services.policy.disclosure import rules as disclosure
from services.policy.product.rules import Question, Terms
from services.policy.survey import rules as survey
from services.policy.underwriting import rules as underwriting
from services.policy.underwriting.rules import Risk, Trigger
from shared.clock import SHANGHAI
from shared.errors import StateConflict, ValidationFailed

FOLDER = Path(__file__).resolve().parents[3] / "services/policy/rule_sets"
SETTINGS: dict[str, Any] = tomllib.loads((FOLDER / "underwriting.2026-1.toml").read_text(encoding="utf-8"))["content"]
REFERRAL = SETTINGS["referral"]
NOW = datetime(2026, 3, 16, 10, 0, tzinfo=SHANGHAI)
ONE = Decimal(1)


def terms(code: str) -> Terms:
    content = tomllib.loads((FOLDER / f"products/{code}.2026-1.toml").read_text(encoding="utf-8"))["content"]
    return Terms(code, 1, "2026-1", date(2020, 1, 1), content)


def listed(ref: str = "P-1", **changes: Any) -> Listed:
    facts: dict[str, Any] = {
        "ref": ref, "relation": "employee", "born_on": None, "occupation_class": 3,
        "sum_insured": Decimal("100000.00"), "beneficiaries": (),
    }  # fmt: skip
    return Listed(**(facts | changes))


@pytest.mark.parametrize("kind", list(ApplicationKind))
def test_every_state_of_a_kind_is_reached_from_its_first(kind: ApplicationKind) -> None:
    reached, waiting = set(), [rules.FIRST[kind]]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting += rules.NEXT[kind][state]
    assert reached == set(rules.NEXT[kind])


@given(st.sampled_from(list(ApplicationKind)), st.sampled_from(list(ApplicationStatus)),
       st.sampled_from(list(ApplicationStatus)))  # fmt: skip
def test_an_application_goes_only_where_its_states_lead(
    kind: ApplicationKind, current: ApplicationStatus, to: ApplicationStatus
) -> None:
    if to in rules.NEXT[kind].get(current, frozenset()):
        assert rules.advance(kind, current, to) is to
    else:
        with pytest.raises(StateConflict):
            rules.advance(kind, current, to)


def test_no_answered_application_is_withdrawn_or_lapses_silently() -> None:
    for final in (ApplicationStatus.DECLINED, ApplicationStatus.ISSUED):
        assert rules.NEXT[ApplicationKind.PROPOSAL][final] == frozenset()


def test_the_filed_premium_of_the_worked_examples() -> None:
    """Five million per accident with ten per cent on top: 86,000. A head for 100,000: 182.50."""
    start = datetime(2026, 3, 20, tzinfo=SHANGHAI)
    liability = terms("public_liability").rating
    annual = rules.annual_premium(liability, {"limit_per_accident": "5000000.00"}, 1, ())
    end = start.replace(year=2027)
    assert rules.premium_of_term(annual, Decimal("1.10"), start, end) == Decimal("86000.00")
    heads = [listed(f"P-{n}") for n in range(500)]
    assert rules.annual_premium(terms("group_accident").rating, {}, 500, heads) == Decimal("91250.00")
    employer = terms("employers_liability").rating
    assert rules.annual_premium(employer, {"death_benefit_per_person": "600000.00"}, 80, ()) == Decimal("48000.00")


def test_a_shorter_term_costs_its_days_and_nothing_costs_less_than_the_minimum() -> None:
    start = datetime(2026, 3, 20, tzinfo=SHANGHAI)
    assert rules.premium_of_term(Decimal("36500.00"), ONE, start, start + timedelta(days=100)) == Decimal("10000.00")
    rating = terms("public_liability").rating
    assert rules.annual_premium(rating, {"limit_per_accident": "1.00"}, 1, ()) == Decimal("500.00")


@pytest.mark.parametrize(("factor", "allowed"), [("0.69", False), ("0.70", True), ("1.50", True), ("1.51", False)])
def test_a_factor_stays_within_the_filed_range_both_ends_included(factor: str, allowed: bool) -> None:
    filed = terms("public_liability").factor_range
    if allowed:
        rules.refuse_unfiled(Decimal(factor), filed)
        return
    with pytest.raises(rules.RateOutsideFiledRange):
        rules.refuse_unfiled(Decimal(factor), filed)


def test_authority_is_compared_with_the_limit_per_accident_or_what_stands_for_it() -> None:
    both = {"limit_per_accident": "5.00", "aggregate_limit": "9.00", "limit_per_person": "2.00"}
    assert rules.authority_amount("liability", both, 3, ()) == Decimal("5.00")
    assert rules.authority_amount("liability", {"aggregate_limit": "9.00"}, 3, ()) == Decimal("9.00")
    assert rules.authority_amount("liability", {"limit_per_person": "2.00"}, 3, ()) == Decimal("6.00")
    people = [listed("P-1"), listed("P-2", sum_insured=Decimal("300000.01"))]
    assert rules.authority_amount("accident", {"sum_insured": "1.00"}, 2, people) == Decimal("300000.01")


CAPS = [(one["below_age"], Decimal(one["amount"])) for one in SETTINGS["minor_caps"]]


@pytest.mark.parametrize(
    ("born_on", "total", "allowed"),
    [
        (date(2016, 3, 17), "200000.00", True),
        (date(2016, 3, 17), "200000.01", False),
        (date(2016, 3, 16), "200000.01", True),
        (date(2016, 3, 16), "500000.01", False),
        (date(2008, 3, 17), "500000.01", False),
        (date(2008, 3, 16), "9000000.00", True),
    ],
)
def test_the_cap_of_a_minor_follows_the_day_of_birth(born_on: date, total: str, allowed: bool) -> None:
    child = listed(relation="child", born_on=born_on, sum_insured=Decimal("100000.00"))
    known = {"P-1": Decimal(total) - Decimal("100000.00")}
    if allowed:
        rules.refuse_above_minor_caps([child], known, CAPS, NOW.date(), ())
        return
    with pytest.raises(rules.MinorCapExceeded) as refused:
        rules.refuse_above_minor_caps([child], known, CAPS, NOW.date(), ())
    assert refused.value.members["total"] == total


def test_whose_life_needs_no_consent() -> None:
    child = listed("P-1", relation="child", born_on=date(2018, 6, 1))
    me, worker = listed("P-2", relation="self"), listed("P-3")
    with pytest.raises(rules.DeathConsentMissing) as refused:
        rules.refuse_unconsented([child, me, worker], (), NOW.date(), 18)
    assert refused.value.members["refs"] == "P-3"
    rules.refuse_unconsented([child, me, worker], ("P-3",), NOW.date(), 18)


def test_shares_of_beneficiaries_are_the_whole_or_none_is_stated() -> None:
    halves = [
        {"name": "甲", "relation": "spouse", "share": "0.50"},
        {"name": "乙", "relation": "child", "share": "0.50"},
    ]
    assert rules.shares_add_up([listed(beneficiaries=halves)]) == []
    assert rules.shares_add_up([listed(beneficiaries=[{"name": "甲", "relation": "spouse"}])]) == []
    assert [one.code for one in rules.shares_add_up([listed(beneficiaries=halves[:1])])] == ["beneficiary_shares"]


def test_a_birthday_is_read_from_a_resident_number_or_not_at_all() -> None:
    assert rules.birthday_of("resident_id", "32010120180601001X") == date(2018, 6, 1)
    assert rules.birthday_of("resident_id", "32010120181301001X") is None
    assert rules.birthday_of("passport", "32010120180601001X") is None


def test_nobody_stands_on_a_list_twice() -> None:
    rules.refuse_twice(["P-1", "P-2"], ["1", "2"])
    for refs, numbers in ((["P-1", "P-1"], ["1", "2"]), (["P-1", "P-2"], ["1", "1"])):
        with pytest.raises(ValidationFailed):
            rules.refuse_twice(refs, numbers)


QUESTION = Question("Q", {"zh": "次数？", "en": "How many?"}, "number", (),
                    ({"when": {"above": 2}, "effects": ["refer"]}, {"when": {"below": 1}, "effects": ["rate"]}),
                    False)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "effects"), [("2", {}), ("3", {"refer": ["Q"]}), ("0", {"rate": ["Q"]}), ("none", {})]
)
def test_what_a_material_answer_leads_to(value: str, effects: dict[str, list[str]]) -> None:
    assert disclosure.effects([QUESTION], {"Q": value}) == effects


def known(**changes: Any) -> survey.Known:
    facts: dict[str, Any] = {
        "line": "liability", "limit": Decimal("1000000.00"), "industry": "retail", "heads": 0, "claims": 0,
        "material": (), "requested": False,
    }  # fmt: skip
    return survey.Known(**(facts | changes))


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, []),
        ({"limit": Decimal("4999999.99")}, []),
        ({"limit": Decimal("5000000.00")}, ["high_limit"]),
        ({"industry": "mining"}, ["high_risk_industry"]),
        ({"line": "accident", "heads": 49, "limit": Decimal("9000000.00")}, []),
        ({"line": "accident", "heads": 50}, ["people_in_one_place"]),
        ({"claims": 2}, ["loss_record"]),
        ({"material": ["Q03"]}, ["material_answer"]),
        ({"requested": True}, ["on_request"]),
    ],
)
def test_when_somebody_looks_at_the_place_first(change: dict[str, Any], reasons: list[str]) -> None:
    assert survey.reasons(known(**change), SETTINGS) == reasons


@pytest.mark.parametrize(("days", "allowed"), [(90, True), (91, False)])
def test_a_survey_holds_ninety_days(days: int, allowed: bool) -> None:
    newest = survey.Surveyed(NOW - timedelta(days=days), frozenset(), "low")
    if allowed:
        survey.refuse_unsurveyed([survey.Reason.HIGH_LIMIT], newest, SETTINGS, NOW)
        return
    with pytest.raises(survey.SurveyOutdated):
        survey.refuse_unsurveyed([survey.Reason.HIGH_LIMIT], newest, SETTINGS, NOW)


def test_cover_that_needs_a_survey_is_not_bound_without_one() -> None:
    survey.refuse_unsurveyed([], None, SETTINGS, NOW)
    with pytest.raises(survey.SurveyMissing) as refused:
        survey.refuse_unsurveyed([survey.Reason.HIGH_LIMIT], None, SETTINGS, NOW)
    assert refused.value.members == {"reasons": "high_limit"}


def lifted(factor: str = "1", outside: bool = False, **changes: Any) -> underwriting.Lift:
    return underwriting.lift(Risk(**changes), REFERRAL, Decimal(factor), outside_library=outside)


@pytest.mark.parametrize(
    ("lift", "lowest", "up"),
    [
        (lifted(), None, 0),
        (lifted(occupation_class=3), None, 0),
        (lifted(occupation_class=4), "branch", 0),
        (lifted(occupation_class=6), "head_office", 0),
        (lifted(losses=1), "branch", 0),
        (lifted(premium=Decimal(100), paid=Decimal(70)), None, 0),
        (lifted(premium=Decimal(100), paid=Decimal("70.01")), None, 1),
        (lifted(paid=Decimal(1)), None, 1),
        (lifted(hazards_open=1), None, 1),
        (lifted(outside=True), None, 1),
        (lifted(warned=True), None, 1),
        (lifted(industry="fireworks"), "head_office", 0),
        (lifted(accumulated=Decimal("20000000.00")), None, 0),
        (lifted(accumulated=Decimal("20000000.01")), "head_office", 0),
        (lifted(reinsured=True), "head_office", 0),
        (lifted("1.50"), None, 0),
        (lifted("1.51"), "head_office", 0),
        (lifted(loss_while_open=True, losses=1), "branch", 1),
    ],
)
def test_what_lifts_a_decision(lift: underwriting.Lift, lowest: str | None, up: int) -> None:
    assert (lift.lowest_level, lift.levels_up) == (lowest, up)
    assert bool(lift.triggers) == (lowest is not None or up > 0)


def test_every_trigger_can_be_set_off() -> None:
    everything = lifted(
        "1.60", True, occupation_class=6, losses=1, paid=Decimal(1), hazards_open=1, warned=True, industry="mining",
        accumulated=Decimal("99000000.00"), reinsured=True, material=["Q"], loss_while_open=True,
    )  # fmt: skip
    assert set(everything.triggers) == set(Trigger)
