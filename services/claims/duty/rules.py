"""A duty roster covers every hour of its month: first notices are taken at any hour of the year (7×24).

What a roster leaves uncovered is named hour by hour. The month begins and ends at midnight of Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from shared.clock import at_midnight, legal_day, rfc3339
from shared.errors import Conflict, Fault, OccurredInFuture, Refused, Text, ValidationFailed


@dataclass(frozen=True)
class Shift:
    """One person's duty in [starts_at, ends_at)."""

    person_id: UUID
    starts_at: datetime
    ends_at: datetime


class RosterGap(Refused):
    """Member: `gaps`, each `{from, to}`."""

    code = "roster_gap"
    title = Text("值班表有空档", "The roster leaves hours uncovered")
    detail = Text(
        "报案电话全年 7×24 小时值守；以下时段无人值班：{gaps_text}。",
        "First notices are taken at every hour of the year; nobody is on duty {gaps_text}.",
    )


class DutyPersonNotEligible(Refused):
    """One fault per shift."""

    code = "duty_person_not_eligible"
    title = Text("该人员不能值班接报案", "This person cannot take first notices")
    detail = Text(
        "该人员在该班次期间没有本分公司的有效客服岗位。",
        "This person holds no service agent's appointment in the branch throughout the shift.",
    )


class MonthOver(Conflict):
    """Member: `month`."""

    code = "month_over"
    title = Text("该月已结束", "The month is over")
    detail = Text("{month} 已结束，值班表不能再改。", "{month} is over: its roster no longer changes.")


class CallRecordDiffers(Conflict):
    """Member: `call_ref`."""

    code = "call_record_differs"
    title = Text("通话记录内容不同", "The call was recorded differently")
    detail = Text("通话 {call_ref} 已有内容不同的记录。", "Call {call_ref} is stored already, with other contents.")


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """The first moment of a month (`2026-12`) and that of the next."""
    first = date.fromisoformat(f"{month}-01")
    return at_midnight(first), at_midnight(date(first.year + first.month // 12, first.month % 12 + 1, 1))


def month_of(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def next_month(month: str) -> str:
    return month_of(legal_day(month_bounds(month)[1]))


def uncovered(begins: datetime, ends: datetime, shifts: Iterable[Shift]) -> list[tuple[datetime, datetime]]:
    """The spans of [begins, ends) in which nobody is on duty, in order."""
    gaps, covered_to = [], begins
    for one in sorted(shifts, key=lambda shift: shift.starts_at):
        if one.starts_at > covered_to:
            gaps.append((covered_to, min(one.starts_at, ends)))
        covered_to = max(covered_to, one.ends_at)
        if covered_to >= ends:
            return gaps
    return [*gaps, (covered_to, ends)] if covered_to < ends else gaps


def refuse_month_over(month: str, now: datetime) -> None:
    """Refuse (409) a change of what has been."""
    if now >= month_bounds(month)[1]:
        raise MonthOver(month=month)


def check_roster(month: str, shifts: Sequence[Shift]) -> None:
    """Refuse (422) a shift that ends before it begins or lies outside the month, all of them named, and every hour that
    nobody covers.
    """
    begins, ends = month_bounds(month)
    faults = []
    for n, one in enumerate(shifts):
        if one.ends_at <= one.starts_at:
            text = Text("班次须在开始之后结束。", "A shift ends after it begins.")
            faults.append(Fault("shift_ends_before_it_begins", text, pointer=f"#/shifts/{n}/ends_at"))
        elif one.ends_at <= begins or one.starts_at >= ends:
            text = Text("班次不在该月内。", "The shift lies outside the month.")
            faults.append(Fault("shift_outside_month", text, pointer=f"#/shifts/{n}/starts_at"))
    if faults:
        raise ValidationFailed(*faults)
    refuse_gaps(uncovered(begins, ends, shifts))


def refuse_gaps(gaps: Sequence[tuple[datetime, datetime]]) -> None:
    if gaps:
        told = [{"from": rfc3339(start), "to": rfc3339(end)} for start, end in gaps]
        words = "; ".join(f"{start:%m-%d %H:%M}–{end:%m-%d %H:%M}" for start, end in _local(gaps))
        fault = Fault(RosterGap.code, Text(f"无人值班：{words}。", f"Uncovered: {words}."), pointer="#/shifts")
        raise RosterGap(fault, gaps=told, gaps_text=words)


def _local(gaps: Sequence[tuple[datetime, datetime]]) -> Iterable[tuple[datetime, datetime]]:
    zone = at_midnight(date(2026, 1, 1)).tzinfo
    return [(start.astimezone(zone), end.astimezone(zone)) for start, end in gaps]


@dataclass(frozen=True)
class Term:
    """One appointment of a service agent: [from_on, to_on), open where `to_on` is absent."""

    person_id: UUID
    path: str
    from_on: date
    to_on: date | None = None


def check_people(shifts: Sequence[Shift], terms: Collection[Term], unit_path: str) -> None:
    """Refuse (422) everybody who is no service agent of the unit's branch from the first to the last day of his shift;
    at head office every appointment will do.
    """
    branch = ".".join(unit_path.split(".")[:2])
    faults = [
        Fault(DutyPersonNotEligible.code, DutyPersonNotEligible.detail, pointer=f"#/shifts/{n}/person_id")
        for n, one in enumerate(shifts)
        if not any(_holds(term, one, branch) for term in terms)
    ]
    if faults:
        raise DutyPersonNotEligible(*faults)


def _holds(term: Term, shift: Shift, branch: str) -> bool:
    within = term.path == branch or term.path.startswith(branch + ".")
    throughout = term.from_on <= legal_day(shift.starts_at) and (
        term.to_on is None or legal_day(shift.ends_at) <= term.to_on
    )
    return term.person_id == shift.person_id and within and throughout


def on_duty(shifts: Iterable[Shift], moment: datetime) -> list[UUID]:
    """Who is on duty at a moment."""
    return [one.person_id for one in shifts if one.starts_at <= moment < one.ends_at]


@dataclass(frozen=True)
class Stage:
    """A month that needs its roster, and whether it is still ahead."""

    month: str
    first_on: date
    name: str


def months_to_plan(today: date, warn_days_ahead: int) -> list[Stage]:
    """The present month, and the next one once it begins within `warn_days_ahead` days."""
    present = month_of(today)
    found = [Stage(present, date.fromisoformat(f"{present}-01"), "begun")]
    following = next_month(present)
    first = date.fromisoformat(f"{following}-01")
    if (first - today).days <= warn_days_ahead:
        found.append(Stage(following, first, "ahead"))
    return found


def check_call(received_at: datetime, answered_at: datetime | None, ended_at: datetime | None, now: datetime) -> None:
    """Refuse (422) a call in the future (`occurred_in_future`) or with its moments out of order."""
    moments = (("received_at", received_at), ("answered_at", answered_at), ("ended_at", ended_at))
    late = [
        Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer=f"#/{name}")
        for name, moment in moments
        if moment is not None and moment > now
    ]
    if late:
        raise OccurredInFuture(*late)
    known = [moment for _, moment in moments if moment is not None]
    if known != sorted(known):
        text = Text("来电、接听、结束的时间顺序不符。", "A call is received, answered and ended in this order.")
        raise ValidationFailed(Fault("call_out_of_order", text, pointer="#/received_at"))


def rate(part: int, whole: int) -> Decimal | None:
    """The share, to four places; None of nothing."""
    if whole == 0:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
