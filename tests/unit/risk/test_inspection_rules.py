"""Due days, stages, reports and closing of inspections."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.inspection import rules
from services.risk.inspection.rules import FeedbackRole, InspectionStatus, Section, SectionEntry, Stage
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, SeparationOfDuties, StateConflict, ValidationFailed

CYCLES = {"high": 3, "medium": 6, "low": 12}
START, END = date(2026, 3, 20), date(2027, 3, 20)
NOW = datetime(2026, 7, 13, 16, tzinfo=SHANGHAI)


def plan(level="medium", today=START, start=START, end=END, ended_on=None):
    return rules.plan(start, end, level, CYCLES, today, ended_on=ended_on)


def test_the_cycle_follows_the_risk_level():
    assert plan("high") == [date(2026, 6, 20), date(2026, 9, 20), date(2026, 12, 20)]
    assert plan("medium") == [date(2026, 9, 20)]


def test_low_risk_is_visited_on_the_last_day_of_each_policy_year_at_the_latest():
    assert plan("low") == [date(2027, 3, 19)]
    assert plan("low", end=date(2029, 3, 20)) == [date(2027, 3, 19), date(2028, 3, 19), date(2029, 3, 19)]


def test_a_longer_contract_keeps_its_cycle_over_the_anniversary():
    assert plan("medium", end=date(2028, 3, 20)) == [date(2026, 9, 20), date(2027, 3, 20), date(2027, 9, 20)]
    imported = plan("medium", end=date(2028, 3, 20), today=date(2027, 3, 20))
    assert imported == [date(2027, 3, 20), date(2027, 9, 20)]


def test_a_short_contract_is_visited_once():
    assert plan("high", end=date(2026, 5, 1)) == [date(2026, 4, 30)]


def test_imported_history_is_never_planned_into_the_past():
    assert plan("high", today=date(2026, 9, 21)) == [date(2026, 12, 20)]
    assert plan("medium", today=date(2026, 9, 20)) == [date(2026, 9, 20)]
    # the only visit of the year lies behind: one more, at the latest on the last day
    assert plan("medium", today=date(2026, 9, 21)) == [date(2027, 3, 19)]
    assert plan("high", today=date(2026, 12, 21)) == [date(2027, 3, 19)]


def test_nothing_is_planned_for_an_ended_contract():
    assert plan(today=END) == []
    assert plan(today=date(2026, 8, 1), ended_on=date(2026, 8, 1)) == []
    assert plan("high", ended_on=date(2026, 8, 1)) == [date(2026, 6, 20)]


@given(
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.integers(1, 1500),
    st.sampled_from(["high", "medium", "low"]),
    st.integers(0, 1500),
)
def test_every_plan_is_ordered_inside_the_contract_and_leaves_no_running_year_empty(start, length, level, passed):
    end, today = start + timedelta(days=length), start + timedelta(days=passed)
    dates = rules.plan(start, end, level, CYCLES, today)
    assert dates == sorted(set(dates))
    assert all(today <= day < end for day in dates)
    if today < end:
        year = next(n for n in range(1, 9) if rules.add_months(start, 12 * n) > today)
        assert any(day < rules.add_months(start, 12 * year) for day in dates)


def test_months_end_where_the_month_ends():
    assert rules.add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert rules.add_months(date(2027, 3, 31), -1) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("today", "stage"),
    [
        (date(2026, 6, 29), None),
        (date(2026, 6, 30), Stage.T_15),
        (date(2026, 7, 14), Stage.T_15),
        (date(2026, 7, 15), Stage.T_0),
        (date(2026, 7, 16), Stage.OVERDUE),
    ],
)
def test_the_stages_of_a_due_day(today, stage):
    assert rules.stage_on(date(2026, 7, 15), today, 15) is stage


def test_every_stage_that_has_begun_is_to_be_told_also_after_a_standstill():
    due = date(2026, 7, 15)
    assert rules.stages_reached(due, due - timedelta(days=16), 15) == []
    assert rules.stages_reached(due, due, 15) == [Stage.T_15, Stage.T_0]
    assert rules.stages_reached(due, due + timedelta(days=40), 15) == [Stage.T_15, Stage.T_0, Stage.OVERDUE]


def test_grave_claims_call_for_a_visit_outside_the_plan():
    figures = {"death_threshold": 1, "injured_threshold": 3}
    assert rules.needs_ad_hoc(1, 0, **figures)
    assert rules.needs_ad_hoc(0, 3, **figures)
    assert not rules.needs_ad_hoc(0, 2, **figures)


def sections(**changed) -> dict[str, SectionEntry]:
    return {str(name): SectionEntry("seen") for name in Section} | changed


def report(entries=None, inspected_at=NOW, claims=(), **extra):
    return rules.check_report(
        sections() if entries is None else entries,
        inspected_at=inspected_at,
        now=NOW,
        claims_on=claims,
        history_months=36,
        **extra,
    )


def test_a_complete_report_has_no_warnings():
    assert report() == []
    assert len(Section) == 8


def test_missing_empty_and_unknown_sections_and_negative_counts_are_told_together():
    entries = sections(
        products=SectionEntry(" "),
        safety_facilities=SectionEntry("seen", counts={"extinguishers": -1, "exits": 0}),
        weather=SectionEntry("fine"),
    )
    del entries["hazards"]
    with pytest.raises(ValidationFailed) as refused:
        report(entries)
    assert {(fault.code, fault.pointer) for fault in refused.value.faults} == {
        ("section_empty", "#/sections/products"),
        ("section_missing", "#/sections/hazards"),
        ("section_unknown", "#/sections/weather"),
        ("count_negative", "#/sections/safety_facilities/counts/extinguishers"),
    }


def test_no_accidents_against_a_known_claim_is_a_warning_until_explained():
    entries = sections(accident_history=SectionEntry("none", none_found=True))
    assert report(entries, claims=[date(2023, 7, 13)]) == [rules.ReportWarning.ACCIDENT_HISTORY_CONTRADICTED]
    assert report(entries, claims=[date(2023, 7, 12)]) == []
    explained = sections(accident_history=SectionEntry("none", none_found=True, explanation="other plant"))
    assert report(explained, claims=[date(2026, 1, 1)]) == []


def test_a_joint_visit_names_who_was_there_and_no_visit_lies_in_the_future():
    with pytest.raises(ValidationFailed):
        report(jointly=True, participants=[" "])
    assert report(jointly=True, participants=["fire brigade"]) == []
    with pytest.raises(OccurredInFuture):
        report(inspected_at=NOW + timedelta(minutes=1))


def test_an_inspection_closes_with_both_feedbacks_or_the_reason_of_silence():
    both = [FeedbackRole.LEADER, FeedbackRole.SAFETY_HEAD]
    assert rules.close(InspectionStatus.REPORTED, both, {}) is InspectionStatus.CLOSED
    one = rules.close(InspectionStatus.REPORTED, both[:1], {FeedbackRole.SAFETY_HEAD: "post is vacant"})
    assert one is InspectionStatus.CLOSED
    with pytest.raises(rules.FeedbackMissing) as refused:
        rules.close(InspectionStatus.REPORTED, both[:1], {FeedbackRole.SAFETY_HEAD: " "})
    assert refused.value.members["missing"] == ["safety_head"]
    with pytest.raises(StateConflict):
        rules.close(InspectionStatus.IN_PROGRESS, both, {})


def test_nothing_is_done_without_a_report():
    assert all(
        InspectionStatus.CLOSED not in moves
        for status, moves in rules.NEXT.items()
        if status is not InspectionStatus.REPORTED
    )
    assert set(rules.NEXT) == set(InspectionStatus)


def test_the_inspector_is_of_the_area_and_neither_seller_nor_underwriter():
    me, other = UUID(int=1), UUID(int=2)
    record = "00.32.3201.320101"
    for path in (record, "00.32.3201", "00.32"):
        rules.check_inspector(me, path, record, seller_id=other, underwriter_id=None)
    for path in ("00.32.3202", "00.32.320", "00.32.3201.320102"):
        with pytest.raises(rules.InspectorOutsideSubtree):
            rules.check_inspector(me, path, record, seller_id=None, underwriter_id=None)
    with pytest.raises(SeparationOfDuties):
        rules.check_inspector(me, record, record, seller_id=me, underwriter_id=None)
    with pytest.raises(SeparationOfDuties):
        rules.check_inspector(me, record, record, seller_id=None, underwriter_id=me)
