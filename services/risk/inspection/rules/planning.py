"""When visits are due: every insured place at least once in each policy year. Cycles and notice days are data."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def due_dates(starts_on: date, ends_on: date, cycle_months: int) -> list[date]:
    """Due days of a contract in force from `starts_on` to before `ends_on`, every `cycle_months` from its start.

    A policy year whose cycle leaves it without a visit gets one on its last day.
    """
    found: list[date] = []
    year_begin, years = starts_on, 0
    while year_begin < ends_on:
        years += 1
        year_end = min(add_months(starts_on, 12 * years), ends_on)
        steps = (add_months(starts_on, n * cycle_months) for n in range(1, 12 * years // cycle_months + 1))
        # the anniversary after a visit on the last day of the year would be the same visit again
        after = found[-1] + timedelta(days=2) if found else starts_on
        inside = [day for day in steps if max(year_begin, after) <= day < year_end]
        found.extend(inside or [year_end - timedelta(days=1)])
        year_begin = add_months(starts_on, 12 * years)
    return found


def plan(
    starts_on: date,
    ends_on: date,
    risk_level: str,
    cycles: Mapping[str, int],
    today: date,
    *,
    ended_on: date | None = None,
) -> list[date]:
    """Due days of a policy from `today` on; `cycles` are months by risk level, `ended_on` an early end of the contract.

    For history brought in later nothing is planned into the past: what lies before `today` is dropped, and if that
    leaves the running policy year without a visit, it gets one a cycle from `today`, at the latest on its last day.
    A contract that ends early has no visits from its end on; those before are the ones of the full term.
    """
    if today >= (min(ends_on, ended_on) if ended_on else ends_on):
        return []
    dates = due_dates(starts_on, ends_on, cycles[risk_level])
    kept = [day for day in dates if day >= today]
    if len(kept) < len(dates):
        year_end = _end_of_policy_year(starts_on, ends_on, today)
        if not any(day < year_end for day in kept):
            kept.insert(0, min(add_months(today, cycles[risk_level]), year_end - timedelta(days=1)))
    return [day for day in kept if ended_on is None or day < ended_on]


def _end_of_policy_year(starts_on: date, ends_on: date, today: date) -> date:
    years = 1
    while add_months(starts_on, 12 * years) <= today:
        years += 1
    return min(add_months(starts_on, 12 * years), ends_on)


class Stage(StrEnum):
    """What is told of a due day: before it, on it, after it."""

    T_15 = "t_15"
    T_0 = "t_0"
    OVERDUE = "overdue"


def stage_on(due_on: date, today: date, notice_days: int) -> Stage | None:
    """The stage of a due day as of `today`; `None` while the notice period has not begun."""
    if today > due_on:
        return Stage.OVERDUE
    if today == due_on:
        return Stage.T_0
    return Stage.T_15 if today >= due_on - timedelta(days=notice_days) else None


def stages_reached(due_on: date, today: date, notice_days: int) -> list[Stage]:
    """Every stage of a due day begun by `today`, in order: what a scheduler that was away has to make up for."""
    reached = [
        (Stage.T_15, today >= due_on - timedelta(days=notice_days)),
        (Stage.T_0, today >= due_on),
        (Stage.OVERDUE, today > due_on),
    ]
    return [stage for stage, begun in reached if begun]


def needs_ad_hoc(deaths: int, injured: int, *, death_threshold: int, injured_threshold: int) -> bool:
    """Whether a claim calls for an inspection outside the plan."""
    return deaths >= death_threshold or injured >= injured_threshold
