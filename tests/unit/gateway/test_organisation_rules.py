"""What may become of the tree and of positions."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.organisation import rules
from gateway.organisation.rules import Held
from shared.errors import ActionNotPermitted, SeparationOfDuties
from tests.support.tokens import MATRIX, actor, person

JANUARY, JUNE = date(2026, 1, 1), date(2026, 6, 1)
LEVELS = ("head_office", "branch", "central_branch", "sub_branch")
PARENTS = {("branch", "head_office"), ("central_branch", "branch"), ("sub_branch", "central_branch")}


@pytest.mark.parametrize(("level", "parent"), list(product(LEVELS, LEVELS)))
def test_a_unit_stands_below_the_level_above_it_and_no_other(level: str, parent: str) -> None:
    place: tuple[Any, ...] = (level, "standard", "9999", "8888", parent, "standard", "00.8888")
    if (level, parent) in PARENTS:
        rules.may_stand_below(*place)
        return
    with pytest.raises(rules.WrongParentLevel):
        rules.may_stand_below(*place)


def test_nothing_stands_below_the_branch_s_own_unit_and_only_a_branch_has_one() -> None:
    with pytest.raises(rules.WrongParentLevel):
        rules.may_stand_below("sub_branch", "standard", "9", "3200", "central_branch", "branch_local", "00.32.3200")
    with pytest.raises(rules.WrongParentLevel):
        rules.may_stand_below("sub_branch", "branch_local", "9", "3201", "central_branch", "standard", "00.32.3201")
    rules.may_stand_below("central_branch", "branch_local", "3200", "32", "branch", "standard", "00.32")


@pytest.mark.parametrize("code", ["3201", "32", "00"])
def test_a_unit_never_stands_below_itself(code: str) -> None:
    with pytest.raises(rules.UnitCycle):
        rules.may_stand_below("sub_branch", "standard", code, "3201", "central_branch", "standard", "00.32.3201")


def test_an_area_belongs_to_one_unit() -> None:
    rules.areas_free(["1", "2"], {"1": "own"}, "own")
    with pytest.raises(rules.AreaTaken) as refused:
        rules.areas_free(["1", "2"], {"2": "other"}, "own")
    assert refused.value.members == {"area_code": "2", "unit_code": "other"}


days = st.dates(date(2026, 1, 1), date(2026, 3, 1))


@given(days, st.none() | days, days, st.none() | days)
def test_periods_overlap_where_a_day_lies_in_both(a: date, a_end: date | None, b: date, b_end: date | None) -> None:
    every = [date.fromordinal(n) for n in range(date(2026, 1, 1).toordinal(), date(2026, 4, 1).toordinal())]
    common = [day for day in every if rules.in_force(a, a_end, day) and rules.in_force(b, b_end, day)]
    assert rules.overlap(a, a_end, b, b_end) == bool(common)


def _hold(*held: Held, new: Held, kind: str = "person", level: str = "central_branch") -> None:
    rules.may_hold(MATRIX, kind, True, held, new, level, "standard")


@pytest.mark.parametrize("pair", sorted(tuple(sorted(pair)) for pair in MATRIX.forbidden_pairs))
def test_every_pair_that_excludes_each_other_is_refused_in_both_orders_whatever_the_unit(pair: tuple[str, ...]) -> None:
    for held, new in (pair, pair[::-1]):
        level = next(one for one in LEVELS if MATRIX.exists(new, one))
        with pytest.raises(rules.IncompatiblePositions) as refused:
            _hold(Held(held, "elsewhere", JANUARY, None), new=Held(new, "here", JUNE, None), level=level)
        assert refused.value.members == {"held": held, "position": new}


def test_a_pair_may_be_held_one_after_the_other() -> None:
    _hold(Held("surveyor", "a", JANUARY, JUNE), new=Held("claims_approver", "a", JUNE, None))
    with pytest.raises(rules.IncompatiblePositions):
        _hold(Held("surveyor", "a", JANUARY, JUNE), new=Held("claims_approver", "a", date(2026, 5, 31), None))


def test_a_position_exists_at_its_levels_only_and_fits_persons_or_machines() -> None:
    with pytest.raises(rules.PositionNotAtLevel):
        _hold(new=Held("complaint_officer", "a", JANUARY, None))
    with pytest.raises(rules.PositionNotForKind):
        _hold(new=Held("core_system", "a", JANUARY, None), level="branch")
    with pytest.raises(rules.PositionNotForKind):
        _hold(new=Held("surveyor", "a", JANUARY, None), kind="machine")
    _hold(new=Held("core_system", "a", JANUARY, None), kind="machine", level="branch")


def test_the_same_position_at_the_same_unit_is_held_once_at_a_time() -> None:
    with pytest.raises(rules.AlreadyAppointed):
        _hold(Held("surveyor", "a", JANUARY, None), new=Held("surveyor", "a", JUNE, None))
    _hold(Held("surveyor", "a", JANUARY, None), new=Held("surveyor", "b", JUNE, None))


@pytest.mark.parametrize(
    ("from_on", "to_on", "ends"),
    [(JANUARY, None, JUNE), (JANUARY, date(2026, 7, 1), JUNE), (date(2026, 7, 1), None, date(2026, 7, 1))],
)
def test_an_appointment_ends_today_and_one_that_has_not_begun_never_begins(
    from_on: date, to_on: date | None, ends: date
) -> None:
    assert rules.end_of(from_on, to_on, JUNE) == ends
    with pytest.raises(rules.AppointmentEnded):
        rules.end_of(from_on, ends, JUNE)


def test_nobody_appoints_himself_and_only_security_declares_for_others() -> None:
    admin = actor("security_admin", "00.32", name="a")
    with pytest.raises(SeparationOfDuties):
        rules.may_appoint(admin, person("a"))
    rules.may_appoint(admin, person("b"))
    rules.may_declare(admin, person("b"))
    agent = actor("service_agent", "00.32", name="b")
    rules.may_declare(agent, person("b"))
    with pytest.raises(ActionNotPermitted):
        rules.may_declare(agent, person("a"))
