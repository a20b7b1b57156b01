"""The chain of a record: who gives an opinion, who decides, who could decide instead."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.authority import (
    KINDS,
    LEVELS,
    LINES,
    AuthorityTable,
    Limit,
    Unit,
    caller_limits,
    chain,
    could_decide,
    covers,
    highest_limit,
    in_force,
    limit_of,
    lower_limits,
    rank,
)

SEED = Path(__file__).parents[3] / "gateway/authority/rule_sets/authority_tables.2026-1.toml"
DATA = tomllib.loads(SEED.read_text("utf-8"))
TABLE = AuthorityTable.of(DATA["version"], DATA["effective_from"], DATA["content"]["entries"])

HEAD = Unit("00", "00", "head_office", name="总公司")
BRANCH = Unit("32", "00.32", "branch", name="江岚省分公司")
LOCAL = Unit("3200", "00.32.3200", "central_branch", "branch_local", "岚州本部")
CENTRAL = Unit("3201", "00.32.3201", "central_branch", name="云泽中心支公司")
SUB = Unit("320102", "00.32.3201.320102", "sub_branch", name="石桥支公司")
FROM_SUB = (SUB, CENTRAL, BRANCH, HEAD)
FROM_LOCAL = (LOCAL, BRANCH, HEAD)

cents = st.integers(min_value=1, max_value=3_000_000_00).map(lambda n: Decimal(n) / 100)


def levels(kind: str, line: str, amount: str, path=FROM_SUB, **lifted) -> list[tuple[str, str]]:
    return [(step.level, step.kind) for step in chain(TABLE, kind, line, Decimal(amount), path, **lifted)]


SUB_O, CEN_O, BRA_O = ("sub_branch", "opinion"), ("central_branch", "opinion"), ("branch", "opinion")


@pytest.mark.parametrize(
    ("line", "amount", "lowest", "expected"),
    [
        ("accident", "5000.00", None, [("sub_branch", "decision")]),
        ("accident", "5000.01", None, [SUB_O, ("central_branch", "decision")]),
        ("liability", "100000.00", None, [SUB_O, ("central_branch", "decision")]),
        ("liability", "100000.01", None, [SUB_O, CEN_O, ("branch", "decision")]),
        ("liability", "1000000.01", None, [SUB_O, CEN_O, BRA_O, ("head_office", "decision")]),
        ("accident", "800.00", "branch", [SUB_O, CEN_O, ("branch", "decision")]),
    ],
)
def test_the_chain_of_a_claim_at_a_sub_branch(line: str, amount: str, lowest: str | None, expected) -> None:
    assert levels("claim_payment", line, amount, lowest_level=lowest) == expected


def test_a_branch_operating_its_own_city_gives_an_opinion_and_the_branch_decides() -> None:
    for amount in ("0.00", "0.01", "800.00"):
        assert levels("claim_payment", "accident", amount, FROM_LOCAL) == [CEN_O, ("branch", "decision")]


def test_a_local_unit_may_be_given_a_limit_of_its_own() -> None:
    rows = [
        {**row, "limit": "2000.00"} if row["unit_kind"] == "branch_local" else row for row in DATA["content"]["entries"]
    ]
    table = AuthorityTable.of("x", TABLE.effective_from, rows)
    assert [one.level for one in chain(table, "claim_payment", "accident", Decimal("2000.00"), FROM_LOCAL)] == [
        "central_branch"
    ]


def test_a_limit_of_nothing_does_not_decide_over_nothing() -> None:
    assert not Limit("advance", "accident", Decimal("0.00")).covers(Decimal("0.00"))
    assert levels("advance", "accident", "0.00")[-1] == ("branch", "decision")


def test_a_level_where_the_position_does_not_exist_is_no_step() -> None:
    assert levels("underwriting_limit", "liability", "5000000.00") == [CEN_O, ("branch", "decision")]
    assert levels("complaint_compensation", "liability", "20000.00") == [("branch", "decision")]
    assert levels("complaint_compensation", "liability", "20000.01") == [BRA_O, ("head_office", "decision")]


def test_a_level_that_is_missing_on_the_path_is_skipped_by_structure() -> None:
    assert levels("claim_payment", "liability", "100.00", (BRANCH, HEAD)) == [("branch", "decision")]
    assert levels("claim_payment", "liability", "100000.01", (CENTRAL, HEAD)) == [CEN_O, ("head_office", "decision")]


def test_the_order_of_the_units_given_does_not_matter() -> None:
    assert chain(TABLE, "claim_payment", "liability", Decimal(1), FROM_SUB[::-1]) == chain(
        TABLE, "claim_payment", "liability", Decimal(1), FROM_SUB
    )


def test_a_path_that_ends_below_the_deciding_level_is_an_error() -> None:
    with pytest.raises(LookupError):
        chain(TABLE, "claim_payment", "liability", Decimal(1_000_001), (SUB, CENTRAL, BRANCH))


def test_one_level_up_counts_from_whoever_would_decide_otherwise() -> None:
    assert levels("claim_payment", "accident", "800.00", levels_up=1) == [SUB_O, ("central_branch", "decision")]
    assert levels("claim_payment", "accident", "800.00", lowest_level="branch", levels_up=1)[-1][0] == "head_office"
    assert levels("claim_payment", "accident", "9000000.00", levels_up=1)[-1] == ("head_office", "decision")


def test_the_table_asks_for_a_co_signature_only_where_the_branch_decides() -> None:
    at = chain(TABLE, "claim_payment", "liability", Decimal("300000.00"), FROM_SUB)[-1]
    above = chain(TABLE, "claim_payment", "liability", Decimal("300000.01"), FROM_SUB)[-1]
    head = chain(TABLE, "claim_payment", "liability", Decimal("1083120.00"), FROM_SUB)[-1]
    assert (at.signers, at.needed) == (("claims_approver",), 1)
    assert (above.signers, above.needed) == (("claims_approver", "department_head"), 2)
    assert (head.level, head.signers, head.needed) == ("head_office", ("claims_approver",), 1)


@given(kind=st.sampled_from(KINDS), line=st.sampled_from(LINES), one=cents, other=cents)
def test_a_higher_amount_never_needs_a_lower_level(kind: str, line: str, one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    for path in (FROM_SUB, FROM_LOCAL):
        lower = chain(TABLE, kind, line, low, path)
        assert lower == () or rank(lower[-1].level) <= rank(chain(TABLE, kind, line, high, path)[-1].level)
        assert len(lower) <= len(chain(TABLE, kind, line, high, path))


@given(kind=st.sampled_from(KINDS), amount=cents, lowest=st.sampled_from(LEVELS), up=st.integers(0, 3))
def test_a_reason_besides_the_amount_never_lowers_the_level(kind: str, amount: Decimal, lowest: str, up: int) -> None:
    plain = chain(TABLE, kind, "liability", amount, FROM_SUB)
    lifted = chain(TABLE, kind, "liability", amount, FROM_SUB, lowest, levels_up=up)
    assert len(lifted) >= len(plain)
    assert rank(lifted[-1].level) >= rank(lowest)


@given(parts=st.lists(cents, min_size=1, max_size=6))
def test_no_part_of_a_loss_goes_higher_than_the_whole(parts: list[Decimal]) -> None:
    whole = sum(parts, Decimal(0))
    alone = chain(TABLE, "claim_payment", "liability", whole, FROM_SUB)
    assert all(len(chain(TABLE, "claim_payment", "liability", part, FROM_SUB)) <= len(alone) for part in parts)


@given(kind=st.sampled_from(KINDS), line=st.sampled_from(LINES), amount=cents)
def test_a_chain_climbs_strictly_and_only_its_last_step_decides(kind: str, line: str, amount: Decimal) -> None:
    steps = chain(TABLE, kind, line, amount, FROM_SUB)
    assert [step.kind for step in steps] == ["opinion"] * (len(steps) - 1) + ["decision"]
    assert all(covers(lower.unit.path, upper.unit.path) for lower, upper in pairwise(steps))
    assert steps[-1].limit.covers(amount)
    assert not any(step.limit.covers(amount) for step in steps[:-1])


@pytest.mark.parametrize(
    ("path", "scope", "expected"),
    [
        ("00.32", "00.32", True),
        ("00.32.3201", "00.32", True),
        ("00.321", "00.32", False),
        ("00", "00.32", False),
        ("00.32", "", False),
    ],
)
def test_scope_stops_at_the_dot(path: str, scope: str, expected: bool) -> None:
    assert covers(path, scope) is expected


def test_whoever_could_decide_is_named_nearest_first() -> None:
    found = could_decide(TABLE, "underwriting_limit", "liability", Decimal("3000000.00"), (CENTRAL, BRANCH, HEAD))
    assert [(unit.code, row.position, row.limit) for unit, row in found] == [
        ("32", "underwriter", Decimal("10000000.00")),
        ("00", "underwriter", None),
    ]


def test_without_a_line_the_more_generous_one_counts() -> None:
    found = could_decide(TABLE, "claim_payment", None, Decimal("800000.00"), FROM_SUB)
    assert [(unit.code, row.line) for unit, row in found] == [("32", "liability"), ("00", "liability")]


def test_a_caller_holds_a_limit_for_each_kind_and_line_of_his_position() -> None:
    held = caller_limits(TABLE, "claims_approver", "branch")
    assert Limit("claim_payment", "liability", Decimal("1000000.00")) in held
    assert {one.kind for one in held} == {"claim_payment", "ex_gratia", "advance", "recovery_waiver"}
    assert caller_limits(TABLE, "underwriter", "sub_branch") == ()
    assert caller_limits(TABLE, "adjuster", "branch") == ()
    assert [one.amount for one in caller_limits(TABLE, "department_head", "branch")] == [1_000_000, 500_000]
    assert {one.amount for one in caller_limits(TABLE, "claims_approver", "central_branch", "branch_local")} == {0}


def test_the_highest_limit_is_over_the_lines_unless_one_is_named() -> None:
    held = caller_limits(TABLE, "claims_approver", "branch")
    assert highest_limit(held, "claim_payment").amount == 1_000_000
    assert highest_limit(held, "claim_payment", "accident").amount == 500_000
    assert highest_limit(held, "premium_refund").amount == 0
    assert highest_limit((*held, Limit("claim_payment", "accident", None)), "claim_payment").amount is None


def test_an_acting_appointment_holds_the_lower_amount() -> None:
    held = (Limit("claim_payment", "liability", None), Limit("claim_payment", "accident", Decimal(100)))
    assert [one.amount for one in lower_limits(held, Decimal(500))] == [500, 100]
    assert lower_limits(held, None) == held


def test_the_table_in_force_is_the_latest_that_has_begun() -> None:
    later = AuthorityTable("2027-1", TABLE.effective_from.replace(year=2027), TABLE.entries)
    assert in_force([later, TABLE], TABLE.effective_from.replace(year=2026)) is TABLE
    assert in_force([later, TABLE], later.effective_from) is later
    assert in_force([later], TABLE.effective_from) is None


def test_a_row_is_read_back_as_it_was_written() -> None:
    rows = [entry.row() for entry in TABLE.entries]
    assert AuthorityTable.of(TABLE.version, TABLE.effective_from, rows) == TABLE
    assert limit_of(TABLE, "claim_payment", "liability", BRANCH).cosign is not None


@pytest.mark.parametrize("row", [{"unlimited": True, "limit": "5.00"}, {}])
def test_a_row_is_either_limited_or_unlimited(row: dict) -> None:
    with pytest.raises(KeyError):
        AuthorityTable.of("x", TABLE.effective_from, [{**DATA["content"]["entries"][0], "limit": None} | row])
