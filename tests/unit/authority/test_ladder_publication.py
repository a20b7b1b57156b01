"""What a table of limits must fulfil before it is published."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from gateway.authority.rules import affected, changes, check_succession, check_table, predecessor
from shared.authority import AuthorityTable

SEED = Path(__file__).parents[3] / "gateway/authority/rule_sets/authority_tables.2026-1.toml"
DATA = tomllib.loads(SEED.read_text("utf-8"))
ROWS = DATA["content"]["entries"]


def codes(rows: list[dict]) -> set[str]:
    return {fault.code for fault in check_table(AuthorityTable.of("x", DATA["effective_from"], rows))}


def changed(change: dict, **where: str) -> list[dict]:
    """The seed with `change` laid over every row that fits `where`; a None removes the member."""
    rows = []
    for row in ROWS:
        fits = all(row[name] == value for name, value in where.items())
        merged = {**row, **change} if fits else row
        rows.append({name: value for name, value in merged.items() if value is not None})
    return rows


SUB = {"kind": "claim_payment", "line": "liability", "level": "sub_branch"}
BRANCH = {**SUB, "level": "branch", "position": "claims_approver"}
HEAD = {**SUB, "level": "head_office"}


def test_the_seed_may_be_published() -> None:
    assert codes(ROWS) == set()


@pytest.mark.parametrize("at", range(len(ROWS)))
def test_a_row_left_out_is_noticed(at: int) -> None:
    assert codes(ROWS[:at] + ROWS[at + 1 :]) & {"missing", "cosigner_without_row", "position_changes"}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (changed({"limit": "1000000.01"}, **SUB), "limit_falls"),
        (changed({"limit": None, "unlimited": True}, **SUB), "limit_falls"),
        (changed({"limit": "-1.00"}, **SUB), "negative"),
        (changed({"limit": "10000.005"}, **SUB), "not_whole_cents"),
        (changed({"takes_part": False}, **SUB), "limit_without_part"),
        (changed({"unlimited": None, "limit": "9000000.00"}, **HEAD), "head_office_limited"),
        (changed({"kind": "salvage"}, **SUB), "unknown_cell"),
        (changed({"unit_kind": "branch_local"}, **SUB), "unknown_cell"),
        ([*ROWS, ROWS[0]], "duplicate_row"),
        ([*ROWS, {**ROWS[0], "position": "adjuster"}], "two_deciders"),
        (changed({"position": "adjuster"}, **SUB), "position_changes"),
        (changed({"cosign": {"above": "1.00", "n": 3, "of": ["claims_approver", "x"]}}, **BRANCH), "cosign_invalid"),
        (changed({"cosign": {"above": "1.00", "n": 2, "of": ["a", "b"]}}, **BRANCH), "cosign_invalid"),
        (
            changed(
                {"cosign": {"above": "1000000.00", "n": 2, "of": ["claims_approver", "department_head"]}}, **BRANCH
            ),
            "cosign_invalid",
        ),
        (
            changed({"cosign": {"above": "1.00", "n": 2, "of": ["claims_approver", "cashier"]}}, **BRANCH),
            "cosigner_without_row",
        ),
        (changed({"limit": "5.00"}, **{**BRANCH, "position": "department_head"}), "cosigner_without_row"),
    ],
)
def test_a_faulty_table_is_refused(rows: list[dict], code: str) -> None:
    assert code in codes(rows)


def test_the_faulty_cell_is_named() -> None:
    table = AuthorityTable.of("x", DATA["effective_from"], changed({"limit": "1000000.01"}, **SUB))
    (fault,) = [one for one in check_table(table) if one.code == "limit_falls"]
    assert (fault.kind, fault.line, fault.level) == ("claim_payment", "liability", "central_branch")


def test_the_local_unit_may_be_below_a_sub_branch() -> None:
    assert codes(changed({"limit": "1.00"}, unit_kind="branch_local", kind="claim_payment")) == set()


def test_a_table_begins_later_than_today_and_than_its_predecessors() -> None:
    today = date(2026, 11, 24)
    first = {date(2010, 1, 1), date(2027, 1, 1)}
    assert check_succession(date(2027, 1, 2), first, today) == ()
    assert [one.code for one in check_succession(today, {date(2010, 1, 1)}, today)] == ["not_later_than_today"]
    for day in (date(2026, 12, 1), date(2027, 1, 1)):
        assert [one.code for one in check_succession(day, first, today)] == ["not_later_than_predecessor"]


def test_changes_show_each_row_before_and_after() -> None:
    before = AuthorityTable.of("1", DATA["effective_from"], ROWS)
    after = AuthorityTable.of("2", DATA["effective_from"], changed({"limit": "12000.00"}, **SUB))
    (line,) = changes(before, after)
    assert line.before is not None
    assert line.after is not None
    assert (line.before.limit, line.after.limit, line.effect) == (10_000, 12_000, "gains")
    (line,) = changes(after, before)
    assert (line.kind, line.line, line.level, line.effect) == ("claim_payment", "liability", "sub_branch", "loses")
    assert changes(before, before) == ()
    assert len(changes(None, after)) == len(ROWS)


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        ({"limit": "0.00", "takes_part": False}, "loses"),
        ({"limit": None, "unlimited": True}, "gains"),
        ({"cosign": {"above": "200000.00", "n": 2, "of": ["claims_approver", "department_head"]}}, "loses"),
        ({"cosign": {"above": "400000.00", "n": 2, "of": ["claims_approver", "department_head"]}}, "gains"),
        ({"cosign": None}, "gains"),
        ({"cosign": {"above": "300000.00", "n": 2, "of": ["claims_approver", "auditor"]}}, "changes"),
    ],
)
def test_the_preview_tells_who_gains_and_who_loses(change: dict, effect: str) -> None:
    before = AuthorityTable.of("1", DATA["effective_from"], ROWS)
    after = AuthorityTable.of("2", DATA["effective_from"], changed(change, **BRANCH))
    found = changes(before, after)
    assert [one.effect for one in found] == [effect]
    (touched,) = affected(found)
    assert (touched.level, touched.unit_kind, touched.position) == ("branch", "standard", "claims_approver")
    named = ("claim_payment.liability",)
    assert (touched.gains, touched.loses) == (named if effect == "gains" else (), named if effect == "loses" else ())


def test_the_version_before_is_the_one_in_force_on_the_eve() -> None:
    tables = [AuthorityTable(str(year), date(year, 1, 1), ()) for year in (2026, 2027, 2025)]
    assert predecessor(tables, date(2027, 1, 1)) == tables[0]
    assert predecessor(tables, date(2028, 5, 1)) == tables[1]
    assert predecessor(tables, date(2025, 1, 1)) is None
