"""Prevention plans: what they say, when they can be confirmed, when they have to be confirmed again.

The measures for the implementation of work-safety liability insurance of 2025 oblige the insurer to serve the
prevention of accidents; AQ 9010-2019 asks for a written plan with its frequency, confirmed before the work begins.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from shared.errors import Conflict, Fault, OccurredInFuture, Refused, StateConflict, Text


class PreventionStatus(StrEnum):
    DRAFT = "draft"
    CONFIRMED = "confirmed"
    ENDED = "ended"


NEXT: dict[PreventionStatus, frozenset[PreventionStatus]] = {
    PreventionStatus.DRAFT: frozenset({PreventionStatus.CONFIRMED, PreventionStatus.ENDED}),
    # What the customer has confirmed becomes a draft again when the policy or the plan changes.
    PreventionStatus.CONFIRMED: frozenset({PreventionStatus.DRAFT, PreventionStatus.ENDED}),
    PreventionStatus.ENDED: frozenset({PreventionStatus.DRAFT}),
}
MATERIAL = ("product", "risk_level", "insured_count", "starts_on", "ends_on")
"""Facts of a policy whose change asks for another look at its plan."""


class PreventionPlanEmpty(Conflict):
    code = "prevention_plan_empty"
    title = Text("预防计划没有项目", "The plan has no items")
    detail = Text("预防计划至少须有一项，方可由客户确认。", "A customer confirms a plan of at least one item.")


class ItemOutsideTerm(Refused):
    code = "item_outside_term"
    title = Text("项目时间不在保险期间内", "Outside the term of the policy")
    detail = Text(
        "首次服务日须在 {starts_on} 至 {ends_on} 之间。", "The first day of an item lies from {starts_on} to {ends_on}."
    )


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The material facts in which two versions of a policy differ."""
    return [name for name in MATERIAL if before.get(name) != after.get(name)]


def may_write(status: str) -> None:
    """Refuse (409) items of a plan whose policy has ended."""
    if status == PreventionStatus.ENDED:
        raise StateConflict(current_state=status, legal_moves=[])


def check_items(first_days: Collection[date | None], starts_on: date, ends_on: date) -> None:
    """Refuse (422) an item that begins outside the term `starts_on` … before `ends_on`."""
    for n, day in enumerate(first_days):
        if day is not None and not starts_on <= day < ends_on:
            told = {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
            pointer = f"#/items/{n}"
            fault = Fault(ItemOutsideTerm.code, ItemOutsideTerm.detail, pointer=pointer, members=told)
            raise ItemOutsideTerm(fault, **told)


def may_confirm(status: str, items: Collection[Any]) -> None:
    """Refuse (409) confirming a plan twice, one of an ended policy, and one that says nothing."""
    if status != PreventionStatus.DRAFT:
        raise StateConflict(current_state=status, legal_moves=sorted(NEXT[PreventionStatus(status)]))
    if not items:
        raise PreventionPlanEmpty()


def refuse_future(at: datetime, now: datetime, pointer: str) -> None:
    """Refuse (422) a fact that has not happened yet."""
    if at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer=pointer))
