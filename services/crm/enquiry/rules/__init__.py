"""The states of an enquiry, how long a promise may be, and when it may move on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.crm.enquiry.rules.refusals import (
    AlreadyExtended,
    EmptyAnswer,
    PromiseInPast,
    PromiseNotLater,
    PromisePassed,
    PromisePaused,
    PromiseTooLong,
    TransferNeedsConsent,
    TransferWithoutReason,
)
from shared.calendar import BusinessCalendar, WorkingWindow, add_working_time, working_time_between
from shared.errors import StateConflict


class EnquiryKind(StrEnum):
    """咨询 consult, 查询 query (of a policy or claim), 投保 apply, 索赔 claim."""

    CONSULT = "consult"
    QUERY = "query"
    APPLY = "apply"
    CLAIM = "claim"


class EnquiryStatus(StrEnum):
    RECEIVED = "received"
    PENDING = "pending"
    ANSWERED = "answered"
    ESCALATED = "escalated"
    CLOSED = "closed"


MOVES: Mapping[EnquiryStatus, tuple[EnquiryStatus, ...]] = {
    EnquiryStatus.RECEIVED: (EnquiryStatus.ANSWERED, EnquiryStatus.PENDING, EnquiryStatus.CLOSED),
    EnquiryStatus.PENDING: (EnquiryStatus.ANSWERED, EnquiryStatus.ESCALATED, EnquiryStatus.CLOSED),
    EnquiryStatus.ESCALATED: (EnquiryStatus.ANSWERED, EnquiryStatus.CLOSED),
    EnquiryStatus.ANSWERED: (EnquiryStatus.CLOSED,),
    EnquiryStatus.CLOSED: (),
}
"""A closing that skips the answer is that of a conversion: the new record answers."""

UNANSWERED = (EnquiryStatus.RECEIVED, EnquiryStatus.PENDING, EnquiryStatus.ESCALATED)
ON_A_PROMISE = (EnquiryStatus.PENDING, EnquiryStatus.ESCALATED)


def advance(current: EnquiryStatus, to: EnquiryStatus) -> EnquiryStatus:
    """`to` where it follows `current`; raises `StateConflict` naming the legal moves."""
    if to not in MOVES[current]:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in MOVES[current]])
    return to


def refuse_outside(current: EnquiryStatus, allowed: Sequence[EnquiryStatus]) -> None:
    """Refuse (409) an act that belongs to other states."""
    if current not in allowed:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in MOVES[current]])


@dataclass(frozen=True)
class Figures:
    """The numbers of the rule set `enquiries`; days are working days."""

    standard_days: int
    complex_days: int
    longest_days: int
    extensions: int
    deadline: str
    basis: str
    free_transfers: int
    step_days: int
    untouched_days: int
    close_after_days: int


def read_figures(content: Mapping[str, Any], _version: str = "") -> Figures:
    """The figures of a rule set's content; raises `KeyError` where one is missing."""
    promise, escalation = content["promise"], content["escalation"]
    return Figures(
        standard_days=promise["standard_working_days"], complex_days=promise["complex_working_days"],
        longest_days=promise["longest_working_days"], extensions=promise["extensions"], deadline=promise["deadline"],
        basis=promise["basis"], free_transfers=content["transfers"]["without_consent"],
        step_days=escalation["step_working_days"], untouched_days=escalation["untouched_working_days"],
        close_after_days=content["closing"]["close_after_working_days"],
    )  # fmt: skip


@dataclass(frozen=True)
class Pause:
    """A span in which the customer had to answer; `to_at` is None while it lasts."""

    from_at: datetime
    to_at: datetime | None
    reason: str


@dataclass(frozen=True)
class Hours:
    """When the unit works: the calendar of days and the windows of a day."""

    calendar: BusinessCalendar
    windows: tuple[WorkingWindow, ...]

    def after(self, start: datetime, days: int, pauses: Sequence[Pause] = (), now: datetime | None = None) -> datetime:
        """The moment at which `days` working days of time after `start` are used up, pauses left out."""
        return add_working_time(self.calendar, start, self.day * days, self.windows, _spans(pauses, now or start))

    @property
    def day(self) -> timedelta:
        """The working time of one day."""
        moments = [(timedelta(hours=at.hour, minutes=at.minute)) for w in self.windows for at in (w.closes, w.opens)]
        return sum(moments[::2], timedelta()) - sum(moments[1::2], timedelta())


def _spans(pauses: Sequence[Pause], now: datetime) -> list[tuple[datetime, datetime]]:
    return [(one.from_at, one.to_at or max(now, one.from_at)) for one in pauses]


@dataclass(frozen=True)
class Promised:
    """A promise that is asked for: until when, of a plain or of a complex enquiry."""

    due_at: datetime | None
    complex: bool


def promise_until(asked: Promised, figures: Figures, hours: Hours, received_at: datetime, now: datetime) -> datetime:
    """Until when the first promise holds: what was asked for, or the full time from now on.

    Refuses (422) one in the past, and one beyond 1 working day (3 of a complex enquiry) from now or beyond the longest
    time from the receipt.
    """
    most = hours.after(now, figures.complex_days if asked.complex else figures.standard_days)
    most = min(most, hours.after(received_at, figures.longest_days))
    return _within(asked.due_at, most, now)


def extended_until(
    due_at: datetime | None, current: datetime, figures: Figures, hours: Hours, received_at: datetime,
    pauses: Sequence[Pause], now: datetime,
) -> datetime:  # fmt: skip
    """Until when the extended promise holds: later than now promised, at most the longest time from the receipt."""
    until = _within(due_at, hours.after(received_at, figures.longest_days, pauses, now), now)
    if until <= current:
        raise PromiseNotLater()
    return until


def _within(wanted: datetime | None, most: datetime, now: datetime) -> datetime:
    if (wanted or most) <= now:
        raise PromiseInPast()
    if wanted is not None and wanted > most:
        raise PromiseTooLong(latest_at=most.isoformat())
    return wanted or most


def may_extend(extensions: int, figures: Figures) -> None:
    """Refuse (409) more extensions than one."""
    if extensions >= figures.extensions:
        raise AlreadyExtended()


def may_pause(due_at: datetime, paused: bool, now: datetime) -> None:
    """Refuse (409) a second pause at once, and one of a promise that is over."""
    if paused:
        raise PromisePaused()
    if due_at <= now:
        raise PromisePassed()


def resumed_due(due_at: datetime, paused_from: datetime, now: datetime, hours: Hours) -> datetime:
    """Until when the promise holds after a pause: the working time that was left, from now on."""
    left = working_time_between(hours.calendar, paused_from, due_at, hours.windows)
    return add_working_time(hours.calendar, now, left, hours.windows) if left else max(now, due_at)


def check_answer(text: str) -> str:
    """The answer without blanks around it; refuses (422) an empty one."""
    if not text.strip():
        raise EmptyAnswer()
    return text.strip()


def may_transfer(count: int, figures: Figures, consents: bool) -> None:
    """Refuse (409) a third transfer to whoever cannot consent for the branch."""
    if count >= figures.free_transfers and not consents:
        raise TransferNeedsConsent(transfers=count, allowed=figures.free_transfers)


def check_transfer_reason(reason: str | None) -> str:
    """The reason; refuses (422) a transfer without one."""
    if not (reason or "").strip():
        raise TransferWithoutReason()
    return str(reason).strip()
