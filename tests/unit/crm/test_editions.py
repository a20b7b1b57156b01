"""Editions that can be asked, questions that follow from answers, what is stored against what is said, and rest."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm.cool_down.rules import Ask, left_alone
from services.crm.data_check.rules import CheckStatus, same, settled
from services.crm.opinion import rules as opinions
from services.crm.opinion.rules import DemandStatus, OpinionStatus
from services.crm.questionnaire import rules
from services.crm.questionnaire.rules import Status, check_edition, read_questions
from services.crm.visit.rules import routing
from shared.errors import SeparationOfDuties, StateConflict, ValidationFailed

SHIPPED = Path(__file__).parents[3] / "services/crm/rule_sets"


def question(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "code": code, "form": "choice", "text_zh": "问", "text_en": "q", "answers": ["yes", "no"], "area": "crm",
        "severity": "low",
    } | changes  # fmt: skip


BRANCHED = [
    question("had_claim"),
    question("prompt", form="scale", answers=[], asked_if={"question": "had_claim", "answers": ["yes"]}),
    question(
        "why", form="text", answers=[], required=False, asked_if={"question": "prompt", "answers": ["1", "2"]}
    ),
]  # fmt: skip


def faults(refused: Any) -> list[tuple[str, str | None]]:
    return [(one.code, one.pointer) for one in refused.value.faults]


def test_an_edition_that_cannot_be_asked_is_refused_with_every_place() -> None:
    rows = [
        question("a", answers=["yes"]), question("a"), question("b", negative=["never"]),
        question("c", asked_if={"question": "later", "answers": ["yes"]}),
        question("d", asked_if={"question": "a", "answers": ["perhaps"]}),
    ]  # fmt: skip
    with pytest.raises(rules.QuestionnaireFaulty) as refused:
        check_edition(rows)
    assert faults(refused) == [
        ("answers_missing", "#/questions/0/answers"), ("code_twice", "#/questions/1/code"),
        ("answer_unknown", "#/questions/2"), ("condition_unknown", "#/questions/3/asked_if"),
        ("condition_unknown", "#/questions/4/asked_if"),
    ]  # fmt: skip
    check_edition(BRANCHED)


def test_an_edition_without_what_the_rule_wants_asked_is_refused() -> None:
    content = tomllib.loads((SHIPPED / "sampling.2026-2.toml").read_text(encoding="utf-8"))["content"]
    seven = content["cooling_off"]["must_ask"]
    assert len(seven) == 7
    seeds = tomllib.loads((SHIPPED / "questionnaires.2026-2.toml").read_text(encoding="utf-8"))["content"]
    check_edition(seeds["kinds"]["cooling_off"]["questions"], must_ask=seven)
    with pytest.raises(rules.ItemsMissing) as refused:
        check_edition([question(code) for code in seven[1:]], must_ask=seven)
    assert refused.value.members["missing"] == [seven[0]]


def test_an_index_is_made_of_something() -> None:
    with pytest.raises(rules.QuestionnaireFaulty) as refused:
        check_edition([question("a")], counted=True)
    assert faults(refused) == [("nothing_counted", "#/questions")]
    check_edition([question("a", points={"yes": 100, "no": 0})], counted=True)


def test_a_question_with_a_condition_is_asked_after_that_answer_only() -> None:
    asked = [one.question for one in read_questions(BRANCHED)]

    def codes(**answers: str) -> list[str]:
        return [one.code for one in rules.asked_of(asked, answers)]

    assert codes() == ["had_claim"]
    assert codes(had_claim="no", prompt="1") == ["had_claim"]
    assert codes(had_claim="yes") == ["had_claim", "prompt"]
    assert codes(had_claim="yes", prompt="1") == ["had_claim", "prompt", "why"]
    rules.check_answers(asked, {"had_claim": "yes", "prompt": "2", "why": "等了三天"})
    with pytest.raises(ValidationFailed) as refused:
        rules.check_answers(asked, {"had_claim": "no", "prompt": "5"})
    assert faults(refused) == [("answer_unknown", "#/answers/prompt")]
    with pytest.raises(ValidationFailed) as refused:
        rules.check_answers(asked, {"had_claim": "yes", "prompt": " "})
    assert faults(refused) == [("answer_required", "#/answers/prompt")]


def test_a_scale_is_worth_even_steps_and_words_nothing() -> None:
    asked = read_questions(BRANCHED)
    assert dict(asked[1].points) == {"1": 0, "2": 25, "3": 50, "4": 75, "5": 100}
    assert rules.score(asked, {"had_claim": "yes", "prompt": "4", "why": "x"}) == 75


def test_an_edition_is_approved_once_and_by_somebody_else() -> None:
    rules.may_approve(Status.DRAFT, "a", {"b"})
    with pytest.raises(SeparationOfDuties):
        rules.may_approve(Status.DRAFT, "a", {"b", "a"})
    for status in (Status.APPROVED, Status.RETIRED):
        with pytest.raises(StateConflict):
            rules.may_approve(status, "a", {"b"})


@pytest.mark.parametrize(
    ("field", "stored", "stated", "match"),
    [
        ("phone", "13800001234", "+86 138-0000-1234", True), ("phone", "13800001234", "13800001235", False),
        ("id_no", "32010219900101123X", "32010219900101123x", True), ("name", "张 明", "张明", True),
        ("email", "A@b.example", "a@B.example", True), ("address", None, "隐秘路77号", False),
        ("address", "隐秘路77号", None, False),
    ],
)  # fmt: skip
def test_what_is_written_otherwise_and_means_the_same_is_the_same(
    field: str, stored: str | None, stated: str | None, match: bool
) -> None:
    assert same(field, stored, stated) is match


def test_a_difference_ends_corrected_or_confirmed() -> None:
    assert (settled(True), settled(False)) == (CheckStatus.CORRECTED, CheckStatus.CONFIRMED)


NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


@given(st.lists(st.integers(0, 200), max_size=6), st.integers(0, 100))
def test_whoever_was_asked_is_left_alone_for_so_many_days_after_the_last_time(ago: list[int], days: int) -> None:
    asks = [Ask("survey", UUID(int=n), NOW - timedelta(days=one)) for n, one in enumerate(ago)]
    found = left_alone(asks, NOW, days)
    assert (found is not None) == any(one < days for one in ago)
    if found is not None:
        assert found.last.asked_at == NOW - timedelta(days=min(ago))
        assert found.shown()["because"]["kind"] == "survey"


def test_an_opinion_is_answered_once_and_a_demand_ends_once() -> None:
    opinions.may_answer(OpinionStatus.ROUTED)
    with pytest.raises(opinions.AlreadyAnswered):
        opinions.may_answer(OpinionStatus.ANSWERED)
    assert opinions.review(DemandStatus.NEW, DemandStatus.REVIEWED) is DemandStatus.REVIEWED
    for ended in (DemandStatus.ADOPTED, DemandStatus.REJECTED):
        assert opinions.review(DemandStatus.REVIEWED, ended) is ended
        with pytest.raises(StateConflict):
            opinions.review(ended, DemandStatus.REVIEWED)


def test_every_area_of_a_question_has_somebody_who_sees_to_it() -> None:
    for area in ("policy", "claims", "complaints", "crm", "conduct", "mis_selling", "customer_data"):
        position, at = routing.route(area)
        assert position
        assert at in set(routing.At)
    assert routing.owner_of("mis_selling") == "complaints"
    assert routing.route("mis_selling") == ("complaint_officer", routing.At.BRANCH)
