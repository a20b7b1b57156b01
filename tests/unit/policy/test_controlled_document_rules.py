"""Serial numbers in sequence and without gap; counts against the register."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.controlled_document import rules
from services.policy.controlled_document.rules import DocumentStatus, Held, MovementAction, Range
from shared.errors import Problem

_S = DocumentStatus


def held(first: int, last: int, status: DocumentStatus = _S.IN_STOCK, unit: str = "320102") -> list[Held]:
    return [Held(n, status, unit, 2) for n in range(first, last + 1)]


@given(st.integers(1, 1000), st.integers(0, 50), st.one_of(st.none(), st.integers(1, 1000)))
def test_a_series_only_ever_goes_on_after_its_highest_number(first: int, more: int, highest: int | None) -> None:
    chosen = Range("policy_form", "P", first, first + more)
    if highest is None or first == highest + 1:
        rules.may_register(chosen, highest)
    else:
        with pytest.raises(Problem) as refused:
            rules.may_register(chosen, highest)
        assert refused.value.code == ("serial_exists" if first <= highest else "serial_gap")


@pytest.mark.parametrize("status", list(DocumentStatus))
@pytest.mark.parametrize("action", list(rules.MOVES))
def test_a_movement_takes_only_what_is_in_its_state(action: MovementAction, status: DocumentStatus) -> None:
    allowed, to = rules.MOVES[action]
    chosen = Range("policy_form", "P", 3, 4)
    if status in allowed:
        assert rules.move(action, chosen, held(3, 4, status), "320102", 3) == str(to)
    else:
        with pytest.raises(Problem) as refused:
            rules.move(action, chosen, held(3, 4, status), "320102", 3)
        assert refused.value.code == "state_conflict"


def test_the_lowest_number_in_hand_is_used_first() -> None:
    chosen = Range("policy_form", "P", 4, 4)
    with pytest.raises(rules.SerialOutOfSequence) as refused:
        rules.move(MovementAction.USE, chosen, held(4, 4, _S.HELD), "320102", 3)
    assert refused.value.members["expected"] == "P00000003"


def test_a_range_with_a_number_that_nobody_registered_or_of_another_unit_is_refused() -> None:
    chosen = Range("policy_form", "P", 1, 3)
    with pytest.raises(rules.SerialUnknown) as refused:
        rules.move(MovementAction.HAND_OUT, chosen, held(1, 2), "320102", None)
    assert refused.value.members["missing"] == 1
    with pytest.raises(rules.HeldByAnotherUnit):
        rules.move(MovementAction.HAND_OUT, chosen, held(1, 3, unit="320104"), "320102", None)


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["P", "Q"]), st.sampled_from(["in_stock", "held"])),
        max_size=30,
    )
)
def test_a_count_that_repeats_the_register_has_no_difference_and_any_other_has(
    stock: list[tuple[str, str, str]],
) -> None:
    expected = rules.expected_counts(stock)
    assert sum(one["in_stock"] + one["held"] for one in expected) == len(stock)
    assert rules.count_differences(expected, expected) == []
    for n in range(len(expected)):
        wrong = [dict(one) for one in expected]
        wrong[n]["held"] += 1
        assert len(rules.count_differences(expected, wrong)) == 1
        assert rules.count_differences(expected, wrong[:n] + wrong[n + 1 :]) != []


def test_differences_are_explained_and_a_month_to_come_is_not_counted() -> None:
    rules.check_count("2026-10", date(2026, 11, 3), [], None)
    with pytest.raises(Problem) as refused:
        rules.check_count("2026-10", date(2026, 11, 3), [{}], " ")
    assert refused.value.code == "reason_required"
    with pytest.raises(Problem):
        rules.check_count("2026-12", date(2026, 11, 3), [], None)
