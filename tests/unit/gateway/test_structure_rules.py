"""What may become of a unit's place, areas and days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.organisation import rules as organisation
from gateway.structure import rules

OPENED, TODAY, LATER = date(2020, 1, 1), date(2026, 6, 1), date(2026, 12, 1)
CENTRAL = ("3202", "central_branch", "standard", "00.32.3202")
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def test_a_change_of_place_takes_effect_today_or_later_and_never_before_the_unit_opens() -> None:
    rules.may_be_planned("sub_branch", None, OPENED, TODAY, TODAY)
    with pytest.raises(organisation.EffectiveInPast):
        rules.may_be_planned("sub_branch", None, OPENED, date(2026, 5, 31), TODAY)
    with pytest.raises(organisation.EffectiveInPast):
        rules.may_be_planned("sub_branch", None, LATER, TODAY, TODAY)
    with pytest.raises(rules.HeadOfficeStays):
        rules.may_be_planned("head_office", None, OPENED, TODAY, TODAY)
    with pytest.raises(rules.UnitCloses):
        rules.may_be_planned("sub_branch", LATER, OPENED, TODAY, TODAY)


def test_a_unit_moves_below_a_parent_of_the_right_level_that_is_not_its_own() -> None:
    rules.may_move("sub_branch", "standard", "320102", "3201", CENTRAL)
    with pytest.raises(rules.SameParent):
        rules.may_move("sub_branch", "standard", "320102", "3202", CENTRAL)
    with pytest.raises(organisation.WrongParentLevel):
        rules.may_move("central_branch", "standard", "3201", "32", CENTRAL)
    with pytest.raises(organisation.UnitCycle):
        rules.may_move("sub_branch", "standard", "3202", "3201", CENTRAL)
    with pytest.raises(rules.OwnUnitStays):
        rules.may_move("central_branch", "branch_local", "3200", "32", ("33", "branch", "standard", "00.33"))


def test_only_units_of_one_level_merge_and_none_into_itself() -> None:
    rules.may_merge("sub_branch", "standard", "a", "sub_branch", "standard", "b")
    with pytest.raises(rules.MergedIntoItself):
        rules.may_merge("sub_branch", "standard", "a", "sub_branch", "standard", "a")
    with pytest.raises(rules.UnlikeUnits):
        rules.may_merge("sub_branch", "standard", "a", "central_branch", "standard", "b")
    with pytest.raises(rules.OwnUnitStays):
        rules.may_merge("central_branch", "standard", "a", "central_branch", "branch_local", "b")


def test_a_branchs_own_unit_takes_what_lies_in_its_branch() -> None:
    rules.own_areas("branch_local", "32", ["320102", "3201"], [])
    rules.own_areas("branch_local", "88", ["440305"], ["4403"])  # a branch that bears no province's code
    rules.own_areas("standard", "32", ["110101"], [])
    with pytest.raises(rules.ForeignArea):
        rules.own_areas("branch_local", "32", ["320102", "330102"], ["3201"])


def test_what_is_left_is_listed_and_counted() -> None:
    rules.nothing_left([])
    with pytest.raises(rules.UnitNotEmpty) as refusal:
        rules.nothing_left([{"kind": "unit", "code": str(n)} for n in range(rules.SHOWN + 7)])
    assert refusal.value.members["count"] == rules.SHOWN + 7
    assert len(refusal.value.members["obstacles"]) == rules.SHOWN
    rules.all_known([])
    with pytest.raises(rules.WorkUnknown):
        rules.all_known(["claims"])


@given(from_on=DAYS, length=st.none() | st.integers(1, 200), closes=st.none() | DAYS)
def test_whatever_is_held_at_a_unit_lies_within_its_days(
    from_on: date, length: int | None, closes: date | None
) -> None:
    to_on = None if length is None else date.fromordinal(from_on.toordinal() + length)
    fits = closes is None or (to_on is not None and from_on < closes and to_on <= closes)
    if fits:
        organisation.works_in(OPENED, closes, from_on, to_on)
    else:
        with pytest.raises(organisation.UnitCloses):
            organisation.works_in(OPENED, closes, from_on, to_on)
    with pytest.raises(organisation.UnitNotOpen):
        organisation.works_in(date(2027, 1, 1), closes, from_on, to_on)


@given(from_on=DAYS, to_on=st.none() | DAYS, today=DAYS)
def test_the_next_turn_is_a_day_to_come_on_which_something_changes(
    from_on: date, to_on: date | None, today: date
) -> None:
    turn = organisation.next_turn(from_on, to_on, today)
    if turn is None:
        assert from_on <= today or (to_on is not None and to_on <= from_on)
        assert to_on is None or to_on <= max(today, from_on)
    else:
        assert turn > today
        before = organisation.in_force(from_on, to_on, date.fromordinal(turn.toordinal() - 1))
        assert before != organisation.in_force(from_on, to_on, turn)


@given(from_on=DAYS, today=DAYS, wanted=st.none() | DAYS)
def test_an_appointment_is_ended_for_the_future_only(from_on: date, today: date, wanted: date | None) -> None:
    if wanted is not None and wanted < today:
        with pytest.raises(organisation.EffectiveInPast):
            organisation.end_of(from_on, None, today, wanted)
        return
    ends = organisation.end_of(from_on, None, today, wanted)
    assert ends == max(wanted or today, from_on) >= today or ends == from_on
    with pytest.raises(organisation.AppointmentEnded):
        organisation.end_of(from_on, ends, today, wanted)
