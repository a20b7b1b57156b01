"""The questions that are shipped, what answers are worth, and the order of the core system's versions."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm.core.rules import Applied, applied
from services.crm.questionnaire.rules import read_questionnaire, score
from services.crm.visit.rules import VisitKind

SHIPPED = Path(__file__).parents[3] / "services/crm/rule_sets/questionnaires.2026-2.toml"
CONTENT = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["content"]
KINDS = ("underwriting", "claim_settlement", "complaint", "survey_promptness", "cooling_off")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_visit_asks_something_that_can_be_answered_badly(kind: str) -> None:
    asked = read_questionnaire(CONTENT, kind)
    assert kind in set(VisitKind)
    assert all(one.question.negative < one.question.answers for one in asked)
    assert all(one.question.negative for one in asked)
    assert all(one.text.zh and one.text.en for one in asked)


def test_the_claim_visit_asks_about_attitude_promptness_money_and_favours() -> None:
    asked = {one.question.code: one.question for one in read_questionnaire(CONTENT, "claim_settlement")}
    assert set(asked) >= {"attitude", "survey_prompt", "paid_on_time_and_full", "favours_demanded"}
    assert asked["paid_on_time_and_full"].negative == {"late", "short", "not_paid"}


def test_a_bad_answer_that_is_no_answer_is_no_questionnaire() -> None:
    wrong = {"code": "x", "text_zh": "问", "text_en": "q", "answers": ["a"], "area": "crm", "severity": "low"}
    for broken in ({"negative": ["b"]}, {"points": {"b": 1}}, {"points": {"a": 101}}):
        with pytest.raises(ValueError, match="question x"):
            read_questionnaire({"kinds": {"k": {"questions": [wrong | broken]}}}, "k")


def test_the_score_is_the_mean_of_what_counts_with_halves_up() -> None:
    asked = read_questionnaire(CONTENT, "complaint")
    assert score(asked, {"told_of_outcome": "no"}) == 100
    assert score(asked, {"outcome_accepted": "yes", "promises_kept": "no"}) == 50
    assert score(asked, {"outcome_accepted": "partly", "attitude": "4"}) == 63


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_versions_in_any_order_end_at_the_highest_and_each_counts_once(sent: list[int]) -> None:
    stored: set[int] = set()
    current = 0
    for number in sent:
        became = applied(stored, number)
        assert (became is Applied.IGNORED) == (number in stored)
        current = number if became is Applied.CURRENT else current
        stored.add(number)
    assert current == max(sent)
