"""Terms of products: what a version may say, and from when it may count."""

from __future__ import annotations

import copy
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.policy.product import rules
from services.policy.product.schemas import ProductContent
from shared.errors import ValidationFailed

SEEDS = Path(__file__).resolve().parents[3] / "services/policy/rule_sets/products"
TODAY = date(2026, 3, 9)


def seed(code: str) -> dict[str, Any]:
    return tomllib.loads((SEEDS / f"{code}.2026-1.toml").read_text(encoding="utf-8"))["content"]


def terms(content: dict[str, Any]) -> rules.Terms:
    return rules.Terms("p", 1, "2026-1", TODAY, content)


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.toml")), ids=lambda path: path.name)
def test_every_product_that_comes_along_may_be_published(path: Path) -> None:
    content = tomllib.loads(path.read_text(encoding="utf-8"))["content"]
    ProductContent.model_validate(content)
    rules.check_terms(terms(content))


def test_every_product_of_the_list_comes_along() -> None:
    assert {path.name.split(".")[0] for path in SEEDS.glob("*.toml")} == {
        "public_liability", "employers_liability", "work_safety_liability", "school_liability", "carrier_liability",
        "group_accident", "construction_accident", "student_accident",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("是否有其他情况需要告知？", "Is there more to tell?"),
        ("以上回答是否一切正常？", "Is all as answered?"),
        ("说明所有事实", "Tell us anything else that matters"),
    ],
)
def test_a_question_for_whatever_there_may_be_is_refused(zh: str, en: str) -> None:
    content = seed("public_liability")
    content["questions"]["items"].append({"code": "Q99", "kind": "text", "text": {"zh": zh, "en": en}, "material": []})
    with pytest.raises(rules.CatchAllQuestion) as refused:
        rules.check_terms(terms(content))
    assert refused.value.members["questions"] == "Q99"


def _without_exclusions(content: dict[str, Any]) -> None:
    content["clauses"] = [one for one in content["clauses"] if one["kind"] not in rules.REDUCING]


def _clause_twice(content: dict[str, Any]) -> None:
    content["clauses"].append(copy.deepcopy(content["clauses"][0]))


def _question_twice(content: dict[str, Any]) -> None:
    content["questions"]["items"].append(copy.deepcopy(content["questions"]["items"][0]))


def _choice_of_one(content: dict[str, Any]) -> None:
    content["questions"]["items"][0].update(kind="choice", choices=["retail"])


def _factors_without_one(content: dict[str, Any]) -> None:
    content["rating"]["lowest_factor"] = "1.10"


def _unknown_term(content: dict[str, Any]) -> None:
    content["cover_template"]["sum_insured"] = {"default": "1.00"}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_without_exclusions, "exclusions_unmarked"),
        (_clause_twice, "clause_twice"),
        (_question_twice, "question_twice"),
        (_choice_of_one, "choices_missing"),
        (_factors_without_one, "factor_range"),
        (_unknown_term, "unknown_property"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(spoil: Any, code: str) -> None:
    content = seed("public_liability")
    spoil(content)
    with pytest.raises(ValidationFailed) as refused:
        rules.check_terms(terms(content))
    assert code in {fault.code for fault in refused.value.faults}


def test_accident_cover_runs_at_most_one_year_and_states_its_loading() -> None:
    content = seed("group_accident")
    content["term_months"] = 24
    del content["refund"]["loading"]
    with pytest.raises(ValidationFailed) as refused:
        rules.check_terms(terms(content))
    assert {fault.code for fault in refused.value.faults} == {"term_too_long", "loading_missing"}


@pytest.mark.parametrize("day", [TODAY, date(2026, 3, 8)])
def test_a_version_begins_later_than_today(day: date) -> None:
    with pytest.raises(rules.EffectiveDayNotLater) as refused:
        rules.may_begin(day, TODAY, None)
    assert refused.value.members["earliest_on"] == "2026-03-10"


def test_a_version_begins_after_the_latest_one() -> None:
    rules.may_begin(date(2026, 3, 10), TODAY, ("2026-1", date(2020, 1, 1)))
    with pytest.raises(rules.VersionOverlaps):
        rules.may_begin(date(2026, 4, 1), TODAY, ("2026-2", date(2026, 4, 1)))


def test_deductibles_and_shares_are_acknowledged_like_exclusions() -> None:
    kinds = {one.kind for one in terms(seed("employers_liability")).reducing_clauses}
    assert kinds == {"exclusion", "deductible", "co_pay"}
