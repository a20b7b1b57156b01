"""The merged inbox: in which order, how pages go on, how many."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway.workbench.rules import (
    added_up,
    check_goal,
    fingerprint,
    groups_of,
    merged,
    opened,
    place_of,
    sealed,
    settled,
)
from shared.errors import CursorInvalid, InvalidParameter, ValidationFailed
from shared.work_views import place_of as place_in_a_service

NOW = datetime.fromisoformat("2026-11-24T12:00:00+08:00")
SECRET = b"s" * 32


def item(key: str, due: str | None = None, priority: str = "normal") -> dict[str, object]:
    found: dict[str, object] = {"id": key, "priority": priority}
    return found if due is None else found | {"due_at": due}


def order(*items: dict[str, object]) -> str:
    return "".join(str(one["id"]) for one in merged([items[::2], items[1::2]], 100)[0])


def test_what_is_due_first_comes_first_whatever_its_offset_and_what_has_no_time_last():
    late, soon = item("a", "2026-11-23T00:00:00+08:00"), item("b", "2026-11-25T00:00:00+08:00")
    utc = item("d", "2026-11-22T15:00:00+00:00")
    assert order(item("c"), soon, late, utc) == "dabc"


def test_priority_counts_within_a_legal_day_and_not_beyond_it():
    today, evening = item("n", "2026-12-01T09:00:00+08:00"), item("k", "2026-12-01T23:00:00+08:00", "key_account")
    past_midnight = item("m", "2026-12-01T17:00:00+00:00", "high")
    assert order(today, evening, past_midnight) == "knm"
    assert order(item("x"), item("y", priority="high")) == "yx"


def test_gateway_and_services_order_alike():
    for one in (item("a"), item("b", "2026-11-22T15:00:00+00:00", "high"), item("c", "2026-11-23T00:00:00+08:00")):
        due = datetime.fromisoformat(str(one["due_at"])) if "due_at" in one else None
        assert place_of(one) == place_in_a_service(due, str(one["priority"]), str(one["id"]))


def test_a_page_knows_whether_there_is_more():
    items = [item(key) for key in "abc"]
    assert merged([items[:1], items[1:]], 3) == (items, False)
    assert merged([items[:1], items[1:]], 2) == (items[:2], True)


def test_a_cursor_goes_on_after_its_item_for_the_same_filters_and_for_a_day():
    last, asked = item("a", "2026-11-23T00:00:00+08:00", "high"), fingerprint([("kind", "x"), ("limit", "5")])
    assert asked == fingerprint([("cursor", "…"), ("limit", "9"), ("kind", "x")])
    cursor = sealed(SECRET, last, asked, NOW)
    found = opened(SECRET, cursor, asked, NOW)
    assert found == {"after_id": "a", "after_priority": "high", "after_due": "2026-11-23T00:00:00+08:00"}
    assert "after_due" not in opened(SECRET, sealed(SECRET, item("b"), asked, NOW), asked, NOW)
    for bad in (
        (SECRET, cursor, fingerprint([("kind", "y")]), NOW),
        (b"t" * 32, cursor, asked, NOW),
        (SECRET, cursor, asked, NOW + timedelta(hours=25)),
        (SECRET, cursor[:-2], asked, NOW),
        (SECRET, "%%%", asked, NOW),
    ):
        with pytest.raises(CursorInvalid):
            opened(*bad)


def test_counts_of_all_sources_are_added_up_by_the_groups_asked_for():
    rows = [
        {"unit_code": "3201", "kind": "approve", "open": 2, "overdue": 1},
        {"unit_code": "3202", "kind": "approve", "open": 1, "overdue": 0},
        {"unit_code": "3201", "kind": "approve", "open": 3, "overdue": 0},
    ]
    assert added_up(rows, groups_of("unit,kind")) == [
        {"unit_code": "3201", "kind": "approve", "open": 5, "overdue": 1},
        {"unit_code": "3202", "kind": "approve", "open": 1, "overdue": 0},
    ]
    nobody = [{"assignee_person_id": None, "open": 1, "overdue": 0}]
    assert added_up(nobody, ("person",)) == nobody


@pytest.mark.parametrize("text", ["", "unit,unit", "colour", "unit, kind"])
def test_an_unknown_group_is_refused(text: str):
    with pytest.raises(InvalidParameter):
        groups_of(text)


def test_work_goes_to_a_person_or_to_a_unit():
    check_goal("p", None)
    check_goal(None, "3201")
    for both in (("p", "3201"), (None, None)):
        with pytest.raises(ValidationFailed):
            check_goal(*both)


def test_the_word_of_whoever_has_the_item_counts():
    answers = [{"ref": "a", "status": 404}, {"ref": "a", "status": 409}, {"ref": "b", "status": 404}]
    assert settled("a", answers) == answers[1]
    assert settled("b", answers) is None
    assert settled("c", answers) is None
