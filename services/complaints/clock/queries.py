"""The legal clock of one complaint, from its columns and the dated data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.complaints.clock import rules
from services.complaints.complaint.tables import Complaint
from shared.calendar import BusinessCalendar
from shared.clock import legal_day
from shared.database import Transaction
from shared.deadline_registry import DeadlineRegistry
from shared.periods import Deadline, Pause
from shared.rule_sets import in_force


@dataclass(frozen=True)
class Dated:
    """The calendar and the registry of periods in force today; the registry's rows carry their own days."""

    calendar: BusinessCalendar
    registry: DeadlineRegistry


async def dated(tx: Transaction) -> Dated:
    calendars = await in_force(tx, "calendars")
    deadlines = await in_force(tx, "deadlines")
    return Dated(calendars.parsed(BusinessCalendar.from_content), deadlines.parsed(_registry))


def _registry(content: dict[str, Any], _version: str) -> DeadlineRegistry:
    return DeadlineRegistry.from_content(content)


def clock_of(complaint: Complaint) -> rules.ComplaintClock:
    """The clock as the complaint's columns hold it."""
    return rules.ComplaintClock(
        rules.Rule(complaint.rule), legal_day(complaint.received_at), complaint.started_on,
        rules.Stage(complaint.stage), tuple(Pause.from_shown(one) for one in complaint.pauses),
    )  # fmt: skip


def set_clock(complaint: Complaint, clock: rules.ComplaintClock, data: Dated, today: date) -> Deadline:
    """Write the clock and the deadline that follows from it to the complaint."""
    deadline = rules.current_deadline(clock, data.registry, data.calendar, today)
    complaint.rule, complaint.stage, complaint.started_on = clock.rule.value, clock.stage.value, clock.started_on
    complaint.pauses = [one.shown() for one in clock.pauses]
    if deadline.due_on is None or deadline.due_legal_on is None:
        raise ValueError("a complaint's period is counted in days")
    complaint.due_on, complaint.due_legal_on = deadline.due_on, deadline.due_legal_on
    complaint.due_at, complaint.deadline = deadline.due_at, deadline.stored()
    return deadline


Change = Callable[[rules.ComplaintClock, Dated], rules.ComplaintClock]


async def change_clock(tx: Transaction, complaint: Complaint, change: Change) -> Deadline:
    """Apply one act to the clock; what the rule refuses changes nothing."""
    data = await dated(tx)
    return set_clock(complaint, change(clock_of(complaint), data), data, legal_day(tx.now))


def span(reason: str, from_on: date, to_on: date | None) -> Pause:
    """A pause as the rules take it."""
    return Pause(from_on, to_on, reason)


def shown(deadline: Deadline) -> dict[str, Any]:
    """The deadline as a fact tells it."""
    return {"due_on": str(deadline.due_on), "due_legal_on": str(deadline.due_legal_on)}
