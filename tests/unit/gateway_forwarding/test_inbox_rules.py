"""The merged inbox: what is meant, in which order, how many."""

from __future__ import annotations

from datetime import datetime

import pytest

from gateway.workbench.rules import Wanted, counted, groups_of, in_order, meant
from shared.errors import InvalidParameter

NOW = datetime.fromisoformat("2026-11-24T12:00:00+08:00")
PATHS = {"3201": "00.32.3201", "320102": "00.32.3201.320102", "3202": "00.32.3202"}


def item(key: str, unit: str = "3201", due: str | None = None, **more: str) -> dict[str, object]:
    found = {"id": key, "kind": "approve", "unit_code": unit, "org_path": PATHS[unit], **more}
    return found if due is None else found | {"due_at": due}


LATE, SOON, NEVER = (
    item("a", due="2026-11-23T00:00:00+08:00", assignee_person_id="p1"),
    item("b", unit="320102", due="2026-11-25T00:00:00+08:00", kind="survey"),
    item("c", unit="3202"),
)


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (Wanted(), "abc"),
        (Wanted(kinds=["survey"]), "b"),
        (Wanted(persons=["p1"]), "a"),
        (Wanted(persons=[None]), "bc"),
        (Wanted(paths=["00.32.3201"]), "ab"),
        (Wanted(paths=["00.32.320"]), ""),
        (Wanted(paths=[]), ""),
        (Wanted(due_before=NOW), "a"),
        (Wanted(overdue=True), "a"),
        (Wanted(overdue=False), "bc"),
        (Wanted(kinds=["survey"], overdue=True), ""),
    ],
)
def test_filters_must_all_hold(wanted: Wanted, kept: str):
    assert "".join(one["id"] for one in (LATE, SOON, NEVER) if meant(one, wanted, PATHS, NOW)) == kept


def test_what_is_due_first_comes_first_whatever_its_offset():
    utc = item("d", due="2026-11-22T15:00:00+00:00")
    assert [one["id"] for one in in_order([NEVER, SOON, LATE, utc])] == ["d", "a", "b", "c"]


def test_counts_go_by_the_groups_asked_for():
    rows = counted([LATE, SOON, NEVER, item("e")], groups_of("unit,kind"), NOW)
    assert rows == [
        {"unit_code": "3201", "kind": "approve", "open": 2, "overdue": 1},
        {"unit_code": "320102", "kind": "survey", "open": 1, "overdue": 0},
        {"unit_code": "3202", "kind": "approve", "open": 1, "overdue": 0},
    ]
    assert counted([LATE, SOON], groups_of("person"), NOW)[0] == {"assignee_person_id": None, "open": 1, "overdue": 0}


@pytest.mark.parametrize("text", ["", "unit,unit", "colour", "unit, kind"])
def test_an_unknown_group_is_refused(text: str):
    with pytest.raises(InvalidParameter):
        groups_of(text)
