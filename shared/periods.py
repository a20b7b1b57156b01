"""Legal periods: from a dated registry row and a first day to a deadline.

The first day is not counted; months and years end on the corresponding day, or on the last day of a month that has none
(Civil Code art. 201, 202). `due_on` is the day counted, `due_legal_on` rolls it to the next working day (art. 203),
`due_at` is the end of that day. Alarms and escalation work to `due_on`, a breach is recorded after `due_legal_on`. The
insurer's own rights end on `due_on`; a customer is refused only after `due_legal_on`. Lengths are data, never code.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from shared.calendar import DAY, BusinessCalendar, day_from
from shared.clock import at_midnight, legal_day, rfc3339
from shared.deadline_registry import DeadlineRow, Unit
from shared.errors import Refused, Text


class PauseEndsBeforeItStarts(Refused):
    code = "pause_ends_before_it_starts"
    title = Text("中止期间有误", "The pause ends before it starts")
    detail = Text("中止期间的止日({to})早于起日({from})。", "The pause ends on {to}, before it starts on {from}.")


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that is not counted, in whole days: `to_on` − `from_on`. `to_on` is None while it lasts."""

    from_on: date
    to_on: date | None
    reason: str

    def __post_init__(self) -> None:
        if self.to_on is not None and self.to_on < self.from_on:
            raise PauseEndsBeforeItStarts(**{"from": self.from_on.isoformat(), "to": self.to_on.isoformat()})

    def shown(self) -> dict[str, str]:
        """`{from, to, reason}`; without `to` while it lasts."""
        shown = {"from": self.from_on.isoformat(), "reason": self.reason}
        return shown if self.to_on is None else {**shown, "to": self.to_on.isoformat()}

    @classmethod
    def from_shown(cls, shown: Mapping[str, str]) -> Pause:
        to = shown.get("to")
        return cls(date.fromisoformat(shown["from"]), date.fromisoformat(to) if to else None, shown["reason"])


@dataclass(frozen=True, slots=True)
class Deadline:
    """One deadline of a record. A promise in working hours has `due_at` only; a period in hours ends at that moment."""

    id: str
    basis: str
    due_on: date | None
    due_legal_on: date | None
    due_at: datetime
    pauses: tuple[Pause, ...] = ()
    breached_at: datetime | None = None
    escalated_to: str | None = None
    provisional: bool = False
    calendar_version: str = ""

    @property
    def ends_with_day(self) -> bool:
        """Whether all of `due_legal_on` is still in time, as opposed to an exact moment."""
        return self.due_legal_on is not None and self.due_at == at_midnight(self.due_legal_on + DAY)

    @property
    def paused(self) -> bool:
        """Whether the period stands still; while it does it is neither overdue nor breached."""
        return any(pause.to_on is None for pause in self.pauses)

    def overdue(self, now: datetime) -> bool:
        """Past `due_on`: alarms and escalation."""
        if self.paused:
            return False
        return legal_day(now) > self.due_on if self.ends_with_day and self.due_on else now > self.due_at

    def passed(self, now: datetime) -> bool:
        """Past `due_legal_on`: the breach is recorded, a customer may be refused for lateness."""
        if self.paused:
            return False
        return now >= self.due_at if self.ends_with_day else now > self.due_at

    def own_right_lapsed(self, day: date) -> bool:
        """Whether a right of the insurer is lost on `day`: later than `due_on`, which does not roll for the insurer."""
        return self.due_on is not None and day > self.due_on

    def shown(self) -> dict[str, Any]:
        """The object of the API; a member that is not set is absent."""
        shown: dict[str, Any] = {"id": self.id, "basis": self.basis, "due_at": rfc3339(self.due_at)}
        if self.due_on and self.due_legal_on:
            shown |= {"due_on": self.due_on.isoformat(), "due_legal_on": self.due_legal_on.isoformat()}
        shown["pauses"] = [pause.shown() for pause in self.pauses]
        if self.breached_at:
            shown["breached_at"] = rfc3339(self.breached_at)
        if self.escalated_to:
            shown["escalated_to"] = self.escalated_to
        return {**shown, "provisional": self.provisional}

    def stored(self) -> dict[str, Any]:
        """`shown` with the version of the calendar it was computed by, for a JSON column."""
        return {**self.shown(), "calendar_version": self.calendar_version}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Deadline:
        breached_at = stored.get("breached_at")
        return cls(
            id=stored["id"],
            basis=stored["basis"],
            due_on=day_from(stored["due_on"]) if "due_on" in stored else None,
            due_legal_on=day_from(stored["due_legal_on"]) if "due_legal_on" in stored else None,
            due_at=datetime.fromisoformat(stored["due_at"]),
            pauses=tuple(Pause.from_shown(one) for one in stored["pauses"]),
            breached_at=datetime.fromisoformat(breached_at) if breached_at else None,
            escalated_to=stored.get("escalated_to"),
            provisional=stored["provisional"],
            calendar_version=stored.get("calendar_version", ""),
        )


def add_months(day: date, months: int) -> date:
    """The corresponding day `months` later, or the last day of a month that has none (Civil Code art. 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def counted(unit: Unit, length: int, start: date, calendar: BusinessCalendar) -> date:
    """The last day of a period of `length` `unit`s after `start`, without roll; hours are not counted in days."""
    match unit:
        case Unit.DAYS:
            return start + timedelta(days=length)
        case Unit.WORKING_DAYS:
            return calendar.add_working_days(start, length)
        case Unit.MONTHS:
            return add_months(start, length)
        case Unit.YEARS:
            return add_months(start, 12 * length)
        case Unit.DATE:
            return start
        case Unit.HOURS:
            raise ValueError("a period in hours ends at a moment, not on a day")


def ended(
    segments: Iterable[tuple[Unit, int]],
    start: date,
    calendar: BusinessCalendar,
    pauses: Sequence[Pause] = (),
    as_of: date | None = None,
) -> tuple[date, tuple[Pause, ...]]:
    """`due_on` of the periods `segments` one after the other, and the pauses that took part in it.

    A pause moves the end by its days (in a period of working days: by its working days) if it begins while the period
    still runs, its rolled last day included; days that two pauses share count once. One that lasts counts up to
    `as_of`.
    """
    waiting, used = _merged(pauses, as_of), []
    due = start
    for unit, length in segments:
        first, extra = due, 0
        due = counted(unit, length, first, calendar)
        while waiting and waiting[0][0] <= calendar.roll(due):
            begin, end = waiting.pop(0)
            used.append((begin, end))
            begin = begin if unit is Unit.DATE else max(begin, first)
            if end <= begin:
                continue
            if unit is Unit.WORKING_DAYS:
                extra += calendar.working_days_between(begin, end)
                due = calendar.add_working_days(first, length + extra)
            else:
                due += end - begin
    return due, tuple(one for one in pauses if any(begin <= one.from_on <= end for begin, end in used))


def deadline_of(
    row: DeadlineRow,
    start: date | datetime,
    calendar: BusinessCalendar,
    *,
    pauses: Sequence[Pause] = (),
    as_of: date | None = None,
    length: int | None = None,
    no_later_than: date | None = None,
    extends: DeadlineRow | None = None,
) -> Deadline:
    """The deadline of `row` that starts with `start`: a day, or an instant, whose day of Asia/Shanghai counts.

    Only pauses for a reason that the row allows are heeded. `length` replaces the row's (lengths by class);
    `no_later_than` bars the period from above; `extends` is the row whose period goes before, as of an extension.
    A row in hours needs an aware instant.
    """
    if row.unit is Unit.HOURS:
        return _in_hours(row, start, row.length if length is None else length, calendar)
    first = legal_day(start) if isinstance(start, datetime) else start
    heeded = tuple(pause for pause in pauses if pause.reason in row.pauses)
    segments = [(extends.unit, extends.length)] if extends else []
    segments.append((row.unit, row.length if length is None else length))
    due_on, heeded = ended(segments, first, calendar, heeded, as_of)
    if no_later_than is not None:
        due_on = min(due_on, no_later_than)
    due_legal_on = calendar.roll(due_on)
    counts_days_worked = any(unit is Unit.WORKING_DAYS for unit, _ in segments)
    provisional = calendar.is_provisional(first if counts_days_worked else due_on, due_legal_on)
    return Deadline(
        row.id,
        row.basis,
        due_on,
        due_legal_on,
        at_midnight(due_legal_on + DAY),
        heeded,
        provisional=provisional,
        calendar_version=calendar.version,
    )


def day_of_period(
    row: DeadlineRow,
    number: int,
    start: date,
    calendar: BusinessCalendar,
    pauses: Sequence[Pause] = (),
    as_of: date | None = None,
) -> date:
    """The day on which `number` units of the row's period are over: an early escalation or task, pauses left out."""
    heeded = [pause for pause in pauses if pause.reason in row.pauses]
    return ended([(row.unit, number)], start, calendar, heeded, as_of)[0]


def promise(promise_id: str, basis: str, due_at: datetime, calendar: BusinessCalendar, made_at: datetime) -> Deadline:
    """A promise in working hours, made at `made_at`: it has `due_at` only."""
    provisional = calendar.is_provisional(legal_day(made_at), legal_day(due_at))
    return Deadline(promise_id, basis, None, None, due_at, provisional=provisional, calendar_version=calendar.version)


def _in_hours(row: DeadlineRow, start: date | datetime, length: int, calendar: BusinessCalendar) -> Deadline:
    if not isinstance(start, datetime) or start.tzinfo is None:
        raise ValueError(f"{row.id} is counted in hours and needs an instant with an offset")
    due_at = start + timedelta(hours=length)
    day = legal_day(due_at)
    return Deadline(row.id, row.basis, day, day, due_at, calendar_version=calendar.version)


def _merged(pauses: Iterable[Pause], as_of: date | None) -> list[tuple[date, date]]:
    """Pauses in order, those that touch or overlap joined."""
    joined: list[tuple[date, date]] = []
    for pause in sorted(pauses, key=lambda one: one.from_on):
        end = pause.to_on if pause.to_on is not None else max(pause.from_on, as_of or pause.from_on)
        if joined and pause.from_on <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((pause.from_on, end))
    return joined
