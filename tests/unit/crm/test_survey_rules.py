"""The plan, the draw, what a link says, indexes and ranks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm.improvement import rules as improvements
from services.crm.improvement.rules import ActionStatus
from services.crm.invitation import rules as links
from services.crm.invitation.rules import Contact
from services.crm.response.rules import SurveyClosed, refuse_closed
from services.crm.result import rules as results
from services.crm.result.rules import Figure, Given
from services.crm.survey import rules
from services.crm.survey.rules import SurveyStatus
from shared.errors import SeparationOfDuties, StateConflict, ValidationFailed

KEY = b"a key that nobody guesses"
SURVEY = UUID(int=7)


def entry(code: str, starts: date = date(2026, 3, 1), closes: date = date(2026, 3, 31)) -> dict[str, Any]:
    return {"code": code, "starts_on": starts, "closes_on": closes}


def test_a_plan_has_each_code_once_and_its_days_in_its_year() -> None:
    rules.check_plan(2026, [entry("spring"), entry("winter", date(2026, 12, 20), date(2027, 1, 10))])
    wrong = [entry("a"), entry("a"), entry("b", date(2025, 3, 1)), entry("c", date(2026, 5, 1), date(2026, 4, 1))]
    with pytest.raises(ValidationFailed) as refused:
        rules.check_plan(2026, wrong)
    assert [one.pointer for one in refused.value.faults] == [
        "#/entries/1/code", "#/entries/2/starts_on", "#/entries/3/starts_on",
    ]  # fmt: skip


TODAY = date(2026, 11, 25)
PERIOD = rules.Period(TODAY, date(2026, 12, 9), date(2026, 10, 1), date(2026, 10, 31))


def test_a_survey_outside_of_the_plan_needs_a_reason_and_none_begins_in_the_past() -> None:
    rules.check_survey(PERIOD, TODAY, planned=True, reason=None)
    rules.check_survey(PERIOD, TODAY, planned=False, reason="汛期后的专项调查")
    with pytest.raises(rules.NotPlanned):
        rules.check_survey(PERIOD, TODAY, planned=False, reason=" ")
    for wrong in (
        rules.Period(date(2026, 11, 24), PERIOD.closes_on, PERIOD.from_on, PERIOD.to_on),
        rules.Period(TODAY, date(2026, 11, 24), PERIOD.from_on, PERIOD.to_on),
        rules.Period(TODAY, PERIOD.closes_on, date(2026, 11, 1), PERIOD.to_on),
    ):
        with pytest.raises(rules.PeriodWrong):
            rules.check_survey(wrong, TODAY, planned=True, reason=None)


def test_a_survey_is_approved_by_somebody_else_with_questions_that_are_approved() -> None:
    drafter, other = uuid4(), uuid4()
    rules.may_approve(SurveyStatus.DRAFT, drafter, {other}, asked_is_approved=True)
    with pytest.raises(SeparationOfDuties):
        rules.may_approve(SurveyStatus.DRAFT, drafter, {drafter}, asked_is_approved=True)
    with pytest.raises(rules.QuestionnaireNotApproved):
        rules.may_approve(SurveyStatus.DRAFT, drafter, {other}, asked_is_approved=False)
    with pytest.raises(StateConflict):
        rules.may_approve(SurveyStatus.RUNNING, drafter, {other}, asked_is_approved=True)
    assert set(rules.NEXT) == set(SurveyStatus)


def contact(n: int, unit: str = "3201", product: str | None = "p", touch: str = "claim", customer: int = 0) -> Contact:
    return Contact(UUID(int=n), UUID(int=customer or n), touch, product, f"00.32.{unit}.{unit}02")


@given(st.lists(st.integers(1, 60), unique=True, max_size=40), st.randoms(use_true_random=False))
def test_the_draw_is_the_same_in_whatever_order_the_frame_comes(ids: list[int], random: Any) -> None:
    frame = [contact(n, unit=("3201", "3202")[n % 2], customer=n // 3 + 1) for n in ids]
    shuffled = random.sample(frame, len(frame))
    drawn = links.in_draw_order(frame, SURVEY, KEY)
    assert drawn == links.in_draw_order(shuffled, SURVEY, KEY)
    everybody = [one.customer_id for each in drawn.values() for one in each]
    assert len(everybody) == len(set(everybody)) == len({one.customer_id for one in frame})
    assert all(one.unit_path == unit for unit, each in drawn.items() for one in each)


def test_another_key_or_survey_draws_others() -> None:
    frame = [contact(n) for n in range(1, 200)]
    first = links.in_draw_order(frame, SURVEY, KEY)["00.32.3201"][:50]
    for survey, key in ((UUID(int=8), KEY), (SURVEY, b"another key")):
        other = links.in_draw_order(frame, survey, key)["00.32.3201"][:50]
        assert len({*first} & {*other}) < 30


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["p", "q", None]), st.sampled_from("xy")), max_size=60)
)
def test_an_anonymous_link_says_nothing_that_fewer_than_ten_others_say(
    cells: list[tuple[str, str | None, str]],
) -> None:
    chosen = [contact(n + 1, unit, product, touch) for n, (unit, product, touch) in enumerate(cells)]
    said = links.origins(chosen, True, 10)
    sizes = {one: said.count(one) for one in said}
    units = {one.unit_path: sum(o.unit_path == one.unit_path for o in said) for one in said}
    # a unit of fewer than ten is not invited at all; what is left says only what ten say
    assert all(count >= 10 for one, count in sizes.items() if units[one.unit_path] >= 10)
    named = links.origins(chosen, False, 10)
    assert [(one.product, one.touch_point) for one in named] == [(product, touch) for _, product, touch in cells]


def test_a_link_that_we_made_is_told_from_an_invented_one() -> None:
    token = links.link_token(SURVEY, b"r" * 16, KEY)
    assert links.survey_of(token, KEY) == SURVEY
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token[1:], "", "x" * 54, "@@@"):
        assert links.survey_of(wrong, KEY) is None
    assert links.survey_of(token, b"another key") is None
    assert links.digest_of(token) != links.digest_of(links.link_token(SURVEY, b"s" * 16, KEY))


def test_a_survey_takes_answers_while_it_runs_and_on_its_last_day() -> None:
    refuse_closed(SurveyStatus.RUNNING, TODAY, TODAY)
    for status, last in (
        (SurveyStatus.APPROVED, TODAY),
        (SurveyStatus.CLOSED, TODAY),
        (SurveyStatus.RUNNING, date(2026, 11, 24)),
    ):
        with pytest.raises(SurveyClosed):
            refuse_closed(status, last, TODAY)


def test_below_the_minimum_there_is_neither_index_nor_rank() -> None:
    assert results.index_of([100] * 29, 30) is None
    assert results.index_of([100] * 29 + [0], 30) == Decimal("96.7")
    given_ = [Given(f"00.32.{unit}", None, None, points, {}) for unit, points, count in (
        ("3201", 80, 30), ("3202", 90, 28), ("3203", 80, 31), ("3204", 60, 30),
    ) for _ in range(count)]  # fmt: skip
    units = results.ranked(results.by(given_, lambda one: one.unit_path.rpartition(".")[2], 30))
    assert {code: (one.responses, one.index, one.rank) for code, one in units.items()} == {
        "3201": (30, Decimal("80.0"), 1), "3202": (28, None, None), "3203": (31, Decimal("80.0"), 1),
        "3204": (30, Decimal("60.0"), 3),
    }  # fmt: skip
    assert results.check_ranking(["3204", "3203", "3201"], units, 30) == ["3201", "3203", "3204"]
    for wanted in (["3201", "3202"], ["3299"]):
        with pytest.raises(results.SampleTooSmall) as refused:
            results.check_ranking(wanted, units, 30)
        assert refused.value.members == {"units": wanted[-1:], "minimum": 30}


def test_answers_are_counted_by_question_and_words_are_not() -> None:
    answers = [Given("00", None, None, 0, {"a": "1", "why": "长"}), Given("00", None, None, 0, {"a": "1", "b": "no"})]
    assert results.spread(answers, ["a", "b"]) == {"a": {"1": 2}, "b": {"no": 1}}
    with pytest.raises(StateConflict):
        results.may_analyse(SurveyStatus.RUNNING)
    assert Figure(1, None).rank is None


def test_an_improvement_is_set_after_the_analysis_and_reported_by_its_owner_or_the_department() -> None:
    owner, other = uuid4(), uuid4()
    for status in (SurveyStatus.ANALYSED, SurveyStatus.ACTIONS_TRACKED):
        improvements.may_set(status)
    for status in (SurveyStatus.CLOSED, SurveyStatus.DONE):
        with pytest.raises(StateConflict):
            improvements.may_set(status)
    improvements.may_report(ActionStatus.OPEN, owner, {owner}, "service_agent")
    improvements.may_report(ActionStatus.OPEN, owner, {other}, "department_head")
    with pytest.raises(improvements.NotTheOwner):
        improvements.may_report(ActionStatus.OPEN, owner, {other}, "service_agent")
    with pytest.raises(StateConflict):
        improvements.may_report(ActionStatus.DONE, owner, {owner}, "service_agent")
    improvements.refuse_past(TODAY, TODAY)
    with pytest.raises(improvements.DueInPast):
        improvements.refuse_past(date(2026, 11, 24), TODAY)
