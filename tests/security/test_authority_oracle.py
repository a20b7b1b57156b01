"""The data of the product against an independent statement of the same rules, cell by cell and cent by cent."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest

from gateway.authority.rules import Matrix, Permission
from shared.authority import KINDS, LINES, AuthorityTable, LadderEntry, Unit, caller_limits, chain, could_decide
from tests.security.oracle import amounts, matrix, posts

ROOT = Path(__file__).parents[2]
CELL_FLOOR = 26_640
CHAIN_FLOOR = 5_880
PAIR_FLOOR = 153

UNITS = {
    posts.SUB: Unit("320101", "00.32.3201.320101", "sub_branch"),
    posts.CENTRAL: Unit("3201", "00.32.3201", "central_branch"),
    posts.LOCAL: Unit("3200", "00.32.3200", "central_branch", "branch_local"),
    posts.BRANCH: Unit("32", "00.32", "branch"),
    posts.HEAD: Unit("00", "00", "head_office"),
}
Case = tuple[str, str, int, int, int, int]
LEVEL = {posts.SUB: None, posts.CENTRAL: "central_branch", posts.BRANCH: "branch", posts.HEAD: "head_office"}


@pytest.fixture(scope="module")
def data() -> Matrix:
    return Matrix.load((ROOT / "gateway/authority/permissions.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def table() -> AuthorityTable:
    seed = tomllib.loads((ROOT / "gateway/authority/rule_sets/authority_tables.2026-1.toml").read_text("utf-8"))
    return AuthorityTable.of(seed["version"], seed["effective_from"], seed["content"]["entries"])


def row_differences(data: Matrix, permission: str) -> list[tuple[str, int]]:
    return [
        (post, place)
        for post in posts.WHERE
        for place, (level, kind) in posts.PLACES.items()
        if data.allows(post, level, permission, kind) != matrix.may(post, place, permission)
    ]


def chain_cases(kinds: Iterable[str] = KINDS) -> Iterator[Case]:
    """Every kind, line and place at each limit, one cent below and above, with every lowest level and one level up."""
    for kind in kinds:
        for line in LINES:
            edges = {1, amounts.COSIGNED_ABOVE["claim_payment", posts.BRANCH], *_limits(kind, line)} - {0}
            bands = sorted({cents for edge in edges for cents in (edge - 1, edge, edge + 1) if cents >= 0})
            for cents in bands:
                for begins in posts.PLACES:
                    for lowest, further in ((place, up) for place in LEVEL for up in (0, 1)):
                        yield kind, line, cents, begins, lowest, further


def _limits(kind: str, line: str) -> list[int]:
    return [amounts.limit(kind, line, place) or 0 for place in posts.PLACES]


def chain_differences(table: AuthorityTable, kinds: Iterable[str] = KINDS) -> tuple[int, list[Case]]:
    count, wrong = 0, []
    for case in chain_cases(kinds):
        kind, line, cents, begins, lowest, further = case
        way = [UNITS[place] for place in amounts.WAY_UP[begins]]
        got = chain(table, kind, line, Decimal(cents) / 100, way, LEVEL[lowest], levels_up=further)
        shown = [(step.unit, step.kind, step.needed, step.position) for step in got]
        wanted = [
            (UNITS[place], step, signatures, amounts.DECIDER[kind])
            for place, step, signatures in amounts.expected_chain(kind, line, cents, begins, lowest, further)
        ]
        count += 1
        if shown != wanted:
            wrong.append(case)
    return count, wrong


def limit_differences(table: AuthorityTable) -> list[tuple[str, int]]:
    wrong = []
    for post in posts.WHERE:
        for place, (level, kind) in posts.PLACES.items():
            got = {
                (one.kind, one.line): None if one.amount is None else int(one.amount * 100)
                for one in caller_limits(table, post, level, kind)
            }
            if got != amounts.own_limits(post, place):
                wrong.append((post, place))
    return wrong


def test_every_position_has_the_limits_of_the_manual(table: AuthorityTable) -> None:
    assert not limit_differences(table)


def test_whoever_could_decide_is_nearest_first_and_covers_the_amount(table: AuthorityTable) -> None:
    for kind, line, cents, begins, lowest, further in chain_cases():
        way = [UNITS[place] for place in amounts.WAY_UP[begins]]
        got = could_decide(table, kind, line, Decimal(cents) / 100, way, LEVEL[lowest], levels_up=further)
        end = amounts.expected_chain(kind, line, cents, begins, lowest, further)[-1][0]
        places = [place for place in amounts.WAY_UP[begins] if amounts.HEIGHT[place] >= amounts.HEIGHT[end]]
        assert [unit for unit, _ in got] == [UNITS[place] for place in places]


def test_every_cell_of_the_matrix_is_as_the_duties_say(data: Matrix) -> None:
    wrong = {name: found for name in data.permissions if (found := row_differences(data, name))}
    cells = len(data.permissions) * len(posts.WHERE) * len(posts.PLACES)
    print(f"{cells} cells compared")
    assert not wrong
    assert cells >= CELL_FLOOR


def test_every_duty_of_the_manual_has_a_permission(data: Matrix) -> None:
    assert set(matrix._CHANGED) <= set(data.permissions)
    assert {f"{record}.read" for record in matrix.READS} <= set(data.permissions)


def test_positions_exist_where_the_manual_has_them(data: Matrix) -> None:
    assert set(data.positions) == set(posts.WHERE)
    for post, where in posts.WHERE.items():
        assert {place for place, at in posts.PLACES.items() if data.exists(post, *at)} == where


def test_exactly_the_money_permissions_carry_a_ladder(data: Matrix) -> None:
    assert {name for name, row in data.permissions.items() if row.kind == "money"} == matrix.MONEY
    assert {name for name, row in data.permissions.items() if row.ladder} == matrix.MONEY


def test_an_auditor_has_every_read_and_no_write(data: Matrix) -> None:
    for name, row in data.permissions.items():
        for level in ("branch", "head_office"):
            assert data.allows("auditor", level, name) == (row.kind in ("read", "session"))


def test_a_system_administrator_sees_no_business_at_all(data: Matrix) -> None:
    held = data.permissions_of("system_admin", "head_office")
    assert {name.partition(".")[0] for name in held} == {"organisation"}
    assert not held & {"organisation.directory.read", "organisation.person.read", "organisation.event.read"}


def test_forbidden_pairs_are_those_of_the_manual(data: Matrix) -> None:
    pairs = list(combinations(posts.WHERE, 2))
    print(f"{len(pairs)} pairs compared")
    assert len(pairs) >= PAIR_FLOOR
    for one, other in pairs:
        assert (data.forbidden_pair([one], other) is None) == posts.may_combine(one, other), (one, other)
        assert (data.forbidden_pair([other], one) is None) == posts.may_combine(one, other), (one, other)


def test_every_chain_is_as_the_manual_has_it(table: AuthorityTable) -> None:
    count, wrong = chain_differences(table)
    print(f"{count} chains compared")
    assert not wrong
    assert count >= CHAIN_FLOOR


def test_every_flipped_cell_is_noticed(data: Matrix) -> None:
    flips, survivors = 0, []
    for name, row in data.permissions.items():
        for position in data.positions.values():
            for letter in position.at:
                flips += 1
                mutant = replace(data, permissions={name: _flipped(row, position.name, letter)})
                if not row_differences(mutant, name):
                    survivors.append((name, position.name, letter))
    print(f"{flips} flipped cells")
    assert not survivors
    assert flips >= len(data.permissions) * 57


def _flipped(row: Permission, position: str, letter: str) -> Permission:
    held = row.allowed.get(position, "")
    changed = held.replace(letter, "") if letter in held else held + letter
    return replace(row, allowed={**row.allowed, position: changed})


def test_every_limit_moved_by_a_cent_is_noticed(table: AuthorityTable) -> None:
    moved, survivors = 0, []
    for at, row in enumerate(table.entries):
        if row.limit is None or not row.takes_part:
            continue
        for cent in (Decimal("0.01"), Decimal("-0.01")):
            if row.limit + cent < 0:
                continue
            mutant = replace(row, limit=row.limit + cent)
            moved += 1
            if not _noticed(table, at, mutant):
                survivors.append((row, cent))
    print(f"{moved} moved limits")
    assert not survivors
    assert moved >= 72


def _noticed(table: AuthorityTable, at: int, mutant: LadderEntry) -> bool:
    rows = (*table.entries[:at], mutant, *table.entries[at + 1 :])
    mutated = AuthorityTable(table.version, table.effective_from, rows)
    return bool(chain_differences(mutated, [mutant.kind])[1] or limit_differences(mutated))


def test_every_co_signature_moved_by_a_cent_is_noticed(table: AuthorityTable) -> None:
    asked = [(at, row) for at, row in enumerate(table.entries) if row.cosign]
    assert len(asked) == 2
    for at, row in asked:
        for above in (row.cosign.above + Decimal("0.01"), row.cosign.above - Decimal("0.01")):
            assert _noticed(table, at, replace(row, cosign=replace(row.cosign, above=above)))
    alone = [replace(row, cosign=None) for row in table.entries if row.position != "department_head"]
    assert chain_differences(AuthorityTable(table.version, table.effective_from, tuple(alone)), ["claim_payment"])[1]
