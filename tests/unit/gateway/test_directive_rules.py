"""The life of a directive, by its table of states."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.directives import rules
from gateway.directives.rules import NEXT, DirectiveStatus
from shared.errors import StateConflict
from tests.support.tokens import actor

HEAD, AGENT = actor("department_head", "00.32"), actor("service_agent", "00.32.3201.320102")
TODAY, AT = date(2026, 6, 1), datetime(2026, 6, 1, tzinfo=UTC)
UNIT = "320102"


def test_a_directive_goes_to_units_strictly_below_and_names_those_that_are_not() -> None:
    rules.may_issue(HEAD, [(0, "00.32.3201"), (1, "00.32.3201.320102")], TODAY, TODAY)
    with pytest.raises(rules.DirectiveNotDownward) as refusal:
        rules.may_issue(HEAD, [(0, "00.32"), (1, "00.32.3201"), (2, "00.33"), (3, "00.321")], TODAY, TODAY)
    assert [fault.pointer for fault in refusal.value.faults] == ["#/unit_codes/0", "#/unit_codes/2", "#/unit_codes/3"]
    with pytest.raises(rules.DueInPast):
        rules.may_issue(HEAD, [(0, "00.32.3201")], date(2026, 5, 31), TODAY)


@pytest.mark.parametrize("status", list(DirectiveStatus))
@pytest.mark.parametrize("acknowledged", [None, AT])
def test_what_is_allowed_leads_to_a_state_of_the_table(status: DirectiveStatus, acknowledged: datetime | None) -> None:
    for check, follows in (
        (rules.may_acknowledge, rules.after_acknowledgement(status)),
        (rules.may_complete, DirectiveStatus.DONE),
    ):
        try:
            check(AGENT, UNIT, status, acknowledged)
        except (StateConflict, rules.AlreadyAcknowledged, rules.NotAcknowledged):
            continue
        assert follows == status or follows in NEXT[status]
    with pytest.raises(rules.NotAddressed):
        rules.may_acknowledge(HEAD, UNIT, status, acknowledged)
    with pytest.raises(rules.NotAddressed):
        rules.may_complete(HEAD, UNIT, status, acknowledged)


def test_a_directive_is_done_after_it_was_acknowledged_and_once() -> None:
    rules.may_acknowledge(AGENT, UNIT, "issued", None)
    rules.may_acknowledge(AGENT, UNIT, "overdue", None)
    rules.may_complete(AGENT, UNIT, "acknowledged", AT)
    rules.may_complete(AGENT, UNIT, "overdue", AT)
    with pytest.raises(rules.NotAcknowledged):
        rules.may_complete(AGENT, UNIT, "issued", None)
    with pytest.raises(rules.AlreadyAcknowledged):
        rules.may_acknowledge(AGENT, UNIT, "acknowledged", AT)
    with pytest.raises(StateConflict):
        rules.may_complete(AGENT, UNIT, "done", AT)
    with pytest.raises(StateConflict):
        rules.may_acknowledge(AGENT, UNIT, "done", None)


@pytest.mark.parametrize(
    ("status", "due_on", "late"),
    [
        ("issued", date(2026, 5, 31), True),
        ("acknowledged", date(2026, 5, 31), True),
        ("issued", TODAY, False),
        ("done", date(2026, 5, 31), False),
        ("overdue", date(2026, 5, 31), False),
    ],
)
def test_a_directive_is_late_from_the_day_after(status: str, due_on: date, late: bool) -> None:
    assert rules.is_overdue(status, due_on, TODAY) is late
