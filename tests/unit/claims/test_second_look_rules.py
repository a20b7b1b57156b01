"""Which files are drawn, which claims make a pattern, and who may look: on values alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.claim.rules import Duty, Held
from services.claims.second_look import rules
from services.claims.second_look.rules import Case, Found
from shared.errors import ReasonRequired, SeparationOfDuties
from tests.support.rule_sets import ROOT, read

KEY, SHARE = b"k" * 32, Decimal("0.05")
NOW = datetime(2026, 4, 1, tzinfo=UTC)
ME, OTHER = UUID(int=1), UUID(int=2)


def lots(key: bytes, count: int = 10_000) -> list[bool]:
    return [rules.drawn(rules.lot_of(key, uuid5(UUID(int=9), str(n)), 1), SHARE) for n in range(count)]


@pytest.mark.abuse("B30")
def test_five_in_a_hundred_files_are_drawn_and_the_same_ones_each_time() -> None:
    first = lots(KEY)
    assert 450 <= sum(first) <= 550
    assert first == lots(KEY)


@pytest.mark.abuse("B30")
def test_without_the_key_nobody_can_tell_which_files_are_drawn() -> None:
    ours, guessed = lots(KEY), lots(b"g" * 32)
    both = sum(1 for one, other in zip(ours, guessed, strict=True) if one and other)
    # a guess hits by chance only: one in twenty of those that were drawn
    assert both < sum(ours) / 5


def test_a_share_of_nothing_draws_none_and_the_whole_draws_all() -> None:
    lot = rules.lot_of(KEY, ME, 1)
    assert not rules.drawn(lot, Decimal(0))
    assert rules.drawn(lot, Decimal(1))


def case(n: int, path: str = "00.32.3201.320102") -> Case:
    return Case(UUID(int=n), f"C-{n}", path, Decimal("100.00"), NOW + timedelta(days=n))


def test_claims_counted_by_a_finished_look_do_not_count_again() -> None:
    cases = [case(n) for n in (3, 1, 2)]
    assert [one.claim_no for one in rules.new_cases(cases, None)] == ["C-1", "C-2", "C-3"]
    assert [one.claim_no for one in rules.new_cases(cases, NOW + timedelta(days=2))] == ["C-3"]


@given(st.integers(0, 20), st.integers(1, 20))
def test_a_pattern_begins_exactly_at_its_threshold(count: int, threshold: int) -> None:
    assert rules.flagged([case(n) for n in range(count)], threshold) is (count >= threshold)


def test_the_unit_over_all_units_of_a_pattern_and_the_one_above_look() -> None:
    same = ["00.32.3201.320102", "00.32.3201.320102"]
    assert rules.path_above(rules.common_path(same)) == "00.32.3201"
    assert rules.common_path(["00.32.3201.320102", "00.32.3201.320104"]) == "00.32.3201"
    assert rules.common_path(["00.32.3201", "00.321.3201"]) == "00"
    assert rules.path_above("00") == "00"


@pytest.mark.parametrize("duty", list(Duty))
def test_whoever_had_a_duty_on_the_file_does_not_look_at_it_again(duty: Duty) -> None:
    with pytest.raises(SeparationOfDuties) as told:
        rules.may_record("open", None, [Held(duty, ME)], {ME}, ())
    assert told.value.members["conflicting_duty"] == str(duty)
    rules.may_record("open", None, [Held(duty, OTHER)], {ME}, ())


def test_an_interested_person_does_not_look_and_a_result_is_final() -> None:
    with pytest.raises(SeparationOfDuties):
        rules.may_record("open", None, (), {ME}, {ME})
    with pytest.raises(rules.AlreadyChecked):
        rules.may_record("done", "in_order", (), {ME}, ())


@pytest.mark.parametrize("outcome", [Found.ERROR, Found.SUSPECTED_FRAUD])
def test_a_finding_says_what_was_found(outcome: Found) -> None:
    with pytest.raises(ReasonRequired):
        rules.check_result(outcome, "  ")
    rules.check_result(outcome, "发票重复")
    rules.check_result(Found.IN_ORDER, None)


def test_the_delivered_figures_are_five_in_a_hundred_and_name_every_kind() -> None:
    seed = read(ROOT / "services/claims/rule_sets/second_look.2026-1.toml")
    figures = rules.figures_of(seed["content"], seed["version"])
    assert figures.share == SHARE
    assert set(figures.patterns) == set(rules.PATTERNS)
