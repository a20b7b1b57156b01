"""What is asked and answered in the field: checklists and their points, parts in any order, signatures, comparisons."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.assessment import rules as assessment
from services.risk.calendar import rules as calendar
from services.risk.checklist import rules as checklist
from services.risk.comparison import rules as comparison
from services.risk.fieldwork import rules as fieldwork
from services.risk.inspection.rules import InspectionStatus
from services.risk.plan.rules import cycles_of
from services.risk.prevention import rules as prevention
from services.risk.signing import rules as signing
from services.risk.site import rules as site
from shared.clock import SHANGHAI
from shared.errors import StateConflict, ValidationFailed
from shared.problems import body_of

NOW = datetime(2026, 7, 13, 16, tzinfo=SHANGHAI)
ME, OTHER = UUID(int=1), UUID(int=2)
FIGURES = {"minimum_score": 0, "maximum_score": 100, "high_below": 60, "medium_below": 80}


def item(code: str, section: str = "hazards", kind: str = "yes_no", weight: int = 1, *, required: bool = False):
    return checklist.Item(code, section, kind, weight, required)


def test_points_are_the_weighted_share_of_what_is_in_order() -> None:
    items = [item("A", weight=3), item("B"), item("C", "products", "scale", 4), item("D", kind="note")]
    answers = {"hazards": {"A": "yes", "B": "no", "D": "见照片"}, "products": {"C": "4"}}
    by_section, whole = checklist.scores(items, answers)
    assert by_section == {"hazards": Decimal("75.0"), "products": Decimal("80.0")}
    assert whole == Decimal("77.5")


def test_what_does_not_apply_does_not_count_and_nothing_answered_makes_no_points() -> None:
    items = [item("A"), item("B", weight=9)]
    assert checklist.scores(items, {"hazards": {"A": "yes", "B": "n_a"}})[1] == Decimal("100.0")
    assert checklist.scores(items, {"hazards": {"B": "n_a"}}) == ({}, None)
    assert checklist.scores(items, {}) == ({}, None)


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 5)), min_size=1, max_size=30))
def test_points_lie_within_a_hundred_and_better_answers_never_lower_them(given_items: list[tuple[int, int]]) -> None:
    items = [item(f"Q{n}", kind="scale", weight=weight) for n, (weight, _) in enumerate(given_items)]
    answers = {"hazards": {f"Q{n}": str(value) for n, (_, value) in enumerate(given_items)}}
    before = checklist.scores(items, answers)[1]
    assert before is not None
    assert 0 <= before <= 100
    for n, (_, value) in enumerate(given_items):
        better = {"hazards": answers["hazards"] | {f"Q{n}": str(min(value + 1, 5))}}
        after = checklist.scores(items, better)[1]
        assert after is not None
        assert after >= before


def test_a_list_has_each_code_once_and_holds_later_than_the_one_before() -> None:
    checklist.check_items([item("A"), item("B")])
    with pytest.raises(ValidationFailed) as refused:
        checklist.check_items([item("A"), item("B"), item("A")])
    assert [one.pointer for one in refused.value.faults] == ["#/items/2/code"]
    today = date(2026, 7, 13)
    checklist.refuse_not_later(today, None, today)
    checklist.refuse_not_later(today + timedelta(days=2), today, today)
    for day, newest in ((today - timedelta(days=1), None), (today, today), (today, today + timedelta(days=5))):
        with pytest.raises(checklist.ChecklistNotLater):
            checklist.refuse_not_later(day, newest, today)


def test_answers_are_of_the_list_on_its_scale_and_complete() -> None:
    items = [item("A", required=True), item("B", kind="scale"), item("C", "products")]
    told = {"hazards": {"B": "6", "C": "yes"}, "weather": {"A": "yes"}}
    faults = {(one.code, one.pointer) for one in checklist.answer_faults(items, told)}
    assert faults == {
        ("answer_off_scale", "#/sections/hazards/answers/B"), ("item_unknown", "#/sections/hazards/answers/C"),
        ("item_unknown", "#/sections/weather/answers/A"), ("answer_missing", "#/sections/hazards/answers/A"),
    }  # fmt: skip


@given(st.permutations([("t-1", 1), ("t-2", 2), ("t-3", 3), ("t-3", 3)]))
def test_of_parts_in_any_order_the_one_written_last_stays(order: list[tuple[str, int]]) -> None:
    stored: dict[str, Any] | None = None
    for client_id, minutes in order:
        written = NOW + timedelta(minutes=minutes)
        if fieldwork.is_news(stored, client_id, written):
            stored = {"client_id": client_id, "written_at": written.isoformat()}
    assert stored is not None
    assert stored["client_id"] == "t-3"


def test_only_the_inspector_signs_for_himself_and_a_customer_signs_or_says_why_not() -> None:
    complete = ("electronic", "欧阳岚", "安全负责人")
    signing.check_signature("inspector", ME, ME, (None, None, None), None)
    signing.check_signature("customer", ME, ME, complete, None)
    signing.check_signature("customer", OTHER, ME, (None, None, None), "拒绝签字")
    with pytest.raises(signing.NotTheInspector):
        signing.check_signature("inspector", OTHER, ME, complete, None)
    for told, refused in (((None, "欧阳岚", "安全负责人"), None), (complete, "拒绝签字"), ((None, None, None), " ")):
        with pytest.raises(signing.SignatureIncomplete):
            signing.check_signature("customer", ME, ME, told, refused)
    with pytest.raises(signing.SignatureIncomplete):
        signing.check_signature("inspector", ME, ME, complete, "拒绝签字")


def test_nothing_is_signed_before_its_report_nor_before_the_visit() -> None:
    with pytest.raises(StateConflict):
        signing.may_sign(InspectionStatus.IN_PROGRESS, [], None, [])
    with pytest.raises(signing.AlreadySigned):
        signing.may_sign(InspectionStatus.REPORTED, [], None, ["customer"], "customer")
    with pytest.raises(signing.SignedBeforeVisit):
        signing.check_time(NOW - timedelta(hours=1), NOW, NOW)
    signing.check_time(NOW, NOW, NOW)


def test_points_are_compared_only_where_the_same_was_asked() -> None:
    assert comparison.change_of(Decimal(80), Decimal(70), same_list=True) == 10
    assert comparison.change_of(Decimal(80), Decimal(70), same_list=False) is None
    assert comparison.change_of(None, Decimal(70), same_list=True) is None
    held, new = {"hazards": Decimal(50), "products": Decimal(10)}, {"hazards": Decimal(40), "address": Decimal(9)}
    assert comparison.changes_of(new, held, same_list=True) == {"hazards": Decimal(-10)}


def test_a_product_may_ask_for_more_visits_than_its_risk() -> None:
    figures = {"cycle_months": {"high": 3, "medium": 6, "low": 12}, "by_product": {"work_safety_liability": {"low": 6}}}
    assert cycles_of("public_liability", figures) == {"high": 3, "medium": 6, "low": 12}
    assert cycles_of("work_safety_liability", figures) == {"high": 3, "medium": 6, "low": 6}


def test_levels_have_their_bounds_and_points_their_range() -> None:
    levels = {points: assessment.level_of(points, FIGURES) for points in (0, 59, 60, 79, 80, 100)}
    assert levels == {0: "high", 59: "high", 60: "medium", 79: "medium", 80: "low", 100: "low"}
    with pytest.raises(assessment.ScoreOutOfRange) as refused:
        assessment.level_of(101, FIGURES)
    told = body_of(refused.value, language="en", instance="", request_id="")
    assert told["errors"][0]["detail"] == "Give points from 0 to 100."


def test_a_confirmed_plan_is_looked_at_again_for_what_matters_alone() -> None:
    before = {"product": "p", "risk_level": "low", "insured_count": 1, "starts_on": 1, "ends_on": 2, "policy_no": "A"}
    assert prevention.changed(before, before | {"policy_no": "B"}) == []
    assert prevention.changed(before, before | {"risk_level": "high", "ends_on": 3}) == ["risk_level", "ends_on"]
    with pytest.raises(prevention.ItemOutsideTerm):
        prevention.check_items([None, date(2027, 4, 15)], date(2026, 4, 15), date(2027, 4, 15))
    with pytest.raises(prevention.PreventionPlanEmpty):
        prevention.may_confirm("draft", [])


def test_addresses_are_compared_without_spaces_width_and_case() -> None:
    assert site.address_key("岚江路 １８号Ａ座") == site.address_key("岚江路18号a座")
    assert site.address_key("岚江路18号") != site.address_key("岚江路81号")
    for lon, lat in (("180.1", "0"), ("0", "-90.000001")):
        with pytest.raises(site.PositionInvalid):
            site.check_position(Decimal(lon), Decimal(lat))


def test_a_stretch_of_the_calendar_is_a_quarter_at_most() -> None:
    day = date(2026, 7, 13)
    calendar.check_stretch(day, day)
    calendar.check_stretch(day, day + timedelta(days=92))
    for last in (day - timedelta(days=1), day + timedelta(days=93)):
        with pytest.raises(calendar.StretchInvalid):
            calendar.check_stretch(day, last)
    with pytest.raises(calendar.AlreadyTheVisitor):
        calendar.may_give(InspectionStatus.PLANNED, ME, ME)
    with pytest.raises(StateConflict):
        calendar.may_give(InspectionStatus.IN_PROGRESS, None, ME)
