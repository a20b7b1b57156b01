"""Who may publish limits and rule sets, from which day, and why somebody may not decide."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authority import queries, rules, schemas
from shared.authority import KINDS, LEVELS, LINES, AuthorityTable, Unit, caller_limits, chain
from shared.errors import SeparationOfDuties, StateConflict
from tests.support.rule_sets import CALENDARS
from tests.support.tokens import MATRIX, ROOT, actor, person

TODAY, LATER = date(2026, 11, 24), date(2026, 11, 25)
SEED = tomllib.loads((ROOT / "gateway/authority/rule_sets/authority_tables.2026-1.toml").read_text(encoding="utf-8"))
TABLE = AuthorityTable.of("2026-1", SEED["effective_from"], SEED["content"]["entries"])
UNITS = (
    Unit("320102", "00.32.3201.320102", "sub_branch"),
    Unit("3201", "00.32.3201", "central_branch"),
    Unit("32", "00.32", "branch"),
    Unit("00", "00", "head_office"),
)


def test_the_seed_could_be_published_as_it_is() -> None:
    rules.check_proposal(replace(TABLE, effective_from=LATER), MATRIX, [date(2010, 1, 1)], TODAY)


def test_the_words_of_the_api_are_those_of_the_table() -> None:
    assert get_args(schemas.Kind) == KINDS
    assert get_args(schemas.Line) == LINES
    assert get_args(schemas.Level) == LEVELS


@given(st.integers(0, len(TABLE.entries) - 1))
def test_a_table_without_one_of_its_rows_is_never_published(at: int) -> None:
    entries = TABLE.entries[:at] + TABLE.entries[at + 1 :]
    with pytest.raises(rules.AuthorityTableInvalid) as refused:
        rules.check_proposal(AuthorityTable("v", LATER, entries), MATRIX, [], TODAY)
    assert all(fault.pointer and fault.pointer.startswith("#/entries") for fault in refused.value.faults)


def test_a_row_for_a_position_that_does_not_exist_there_is_named() -> None:
    at = next(n for n, row in enumerate(TABLE.entries) if not row.takes_part)
    entries = (*TABLE.entries[:at], replace(TABLE.entries[at], takes_part=True), *TABLE.entries[at + 1 :])
    with pytest.raises(rules.AuthorityTableInvalid) as refused:
        rules.check_proposal(AuthorityTable("v", LATER, entries), MATRIX, [], TODAY)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [
        ("position_not_there", f"#/entries/{at}")
    ]  # fmt: skip


def test_a_co_signer_without_the_permission_is_named() -> None:
    at = next(n for n, row in enumerate(TABLE.entries) if row.cosign)
    row = TABLE.entries[at]
    assert row.cosign is not None
    asked = replace(row.cosign, of=("claims_approver", "cashier"))
    entries = [replace(row, cosign=asked) if n == at else one for n, one in enumerate(TABLE.entries)]
    wrong = entries[at + 1]
    assert wrong.position == "department_head"
    entries[at + 1] = replace(wrong, position="cashier")
    with pytest.raises(rules.AuthorityTableInvalid) as refused:
        rules.check_proposal(AuthorityTable("v", LATER, tuple(entries)), MATRIX, [], TODAY)
    found = {(fault.code, fault.pointer) for fault in refused.value.faults}
    assert found == {("position_without_permission", f"#/entries/{at + 1}")}


@pytest.mark.parametrize(
    ("first", "published"), [(TODAY, []), (date(2026, 1, 1), []), (LATER, [LATER]), (LATER, [date(2027, 1, 1)])]
)
def test_a_version_begins_later_than_today_and_than_all_before(first: date, published: list[date]) -> None:
    rules.check_first_day(LATER, [date(2010, 1, 1)], TODAY)
    with pytest.raises(rules.EffectiveFromNotLater):
        rules.check_first_day(first, published, TODAY)


def test_two_persons_publish_and_one_of_them_works_at_the_head_office() -> None:
    branch, head = actor("rules_manager", "00.32", name="b"), actor("rules_manager", "00", name="h")
    rules.may_publish(head, person("b"), "branch", False)
    rules.may_publish(branch, person("h"), "head_office", False)
    with pytest.raises(SeparationOfDuties):
        rules.may_publish(head, person("h"), "head_office", False)
    with pytest.raises(rules.HeadOfficeNeeded):
        rules.may_publish(branch, person("c"), "branch", False)
    with pytest.raises(StateConflict):
        rules.may_publish(head, person("b"), "branch", True)


def test_on_every_day_exactly_one_published_version_is_in_force() -> None:
    days = [date(2026, 1, 1), date(2026, 11, 24), date(2027, 1, 1)]
    statuses = [rules.status_of(day, True, days, TODAY) for day in days]
    assert statuses == ["superseded", "in_force", "published"]
    assert rules.status_of(TODAY, False, days, TODAY) == "proposed"


def test_the_next_version_is_the_first_free_number_of_its_year() -> None:
    assert rules.next_version(LATER, ["2026-1", "2026-3", "2027-1"]) == "2026-2"
    assert rules.next_version(date(2028, 1, 1), []) == "2028-1"


def test_content_keeps_the_shape_of_its_kind() -> None:
    content = tomllib.loads(CALENDARS.read_text(encoding="utf-8"))["content"]
    content = json.loads(json.dumps(content, default=str))
    structure = queries.structures()["calendars"]
    rules.check_content("calendars", structure, content)
    wrong: list[dict[str, Any]] = [
        {},
        content | {"more": 1},
        content | {"weekly_rest_days": [1, 2, 3, 4, 5, 6, 7]},
        content | {"years": [{"year": "x"}]},
    ]
    for one in wrong:
        with pytest.raises(rules.RuleSetInvalid):
            rules.check_content("calendars", structure, one)


levels = st.sampled_from([(unit.level, unit.path) for unit in UNITS])
positions = st.sampled_from(sorted(MATRIX.positions))
amounts = st.integers(1, 2_000_000_000).map(lambda cents: Decimal(cents) / 100)


@given(positions, levels, st.sampled_from(KINDS), st.sampled_from(LINES), amounts)
def test_a_caller_may_decide_exactly_where_the_chain_names_the_caller(
    position: str, place: tuple[str, str], kind: str, line: str, amount: Decimal
) -> None:
    level, path = place
    who = actor(position, path)
    who = replace(who, limits=caller_limits(TABLE, position, level))
    steps = chain(TABLE, kind, line, amount, UNITS)
    decision = rules.may_decide(who, TABLE, kind, line, amount, UNITS, steps)
    opinion = rules.may_opine(who, TABLE, kind, steps)
    last = steps[-1]
    assert decision.allowed == (last.unit.path == path and position in last.signers)
    assert opinion.allowed == any(step.unit.path == path and step.position == position for step in steps[:-1])
    for verdict in (decision, opinion):
        assert (verdict.reason is None) == verdict.allowed
