"""Who may be named a complaint officer, and that a branch always has a full-time one. Pure.

A branch has somebody whose work complaints are (专职) and who stands in for him; neither sells nor adjusts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.errors import Conflict, Fault, Refused, Text, ValidationFailed

UNFIT = frozenset({"sales_agent", "account_manager", "adjuster"})
"""Positions that a complaint officer does not hold beside."""
LEVELS = frozenset({"branch", "head_office"})


class OfficerDuty(StrEnum):
    FULL_TIME = "full_time"
    DEPUTY = "deputy"


class OfficerSellsOrAdjusts(Refused):
    code = "officer_sells_or_adjusts"
    title = Text("投诉专员不得兼任销售或理算", "An officer neither sells nor adjusts")
    detail = Text(
        "兼任销售、大客户经理或理算岗位的人员不得担任投诉专员。",
        "Whoever sells, manages key accounts or adjusts is no complaint officer.",
    )


class OfficerNotAppointed(Refused):
    """Member: `unit_code`."""

    code = "officer_not_appointed"
    title = Text("未任投诉专员岗位", "Not in the position")
    detail = Text("该人员在 {unit_code} 不任投诉专员岗位。", "The person is no complaint officer at {unit_code}.")


class OfficerNamedAlready(Conflict):
    code = "officer_named_already"
    title = Text("已在任", "Named already")
    detail = Text("该人员在此期间已被指定。", "The person is named for a part of this time already.")


class LastFullTimeOfficer(Conflict):
    code = "last_full_time_officer"
    title = Text("须有专职投诉专员", "A full-time officer is needed")
    detail = Text("须先指定接任的专职投诉专员。", "Name a full-time successor first: complaints are never without one.")


@dataclass(frozen=True)
class Term:
    """A time in office, from `from_on` to the day before `to_on`."""

    person_id: UUID
    duty: OfficerDuty
    from_on: date
    to_on: date | None = None

    def covers(self, on: date) -> bool:
        return self.from_on <= on and (self.to_on is None or on < self.to_on)

    def meets(self, other: Term) -> bool:
        """Whether the two have a day in common."""
        return (other.to_on is None or self.from_on < other.to_on) and (
            self.to_on is None or other.from_on < self.to_on
        )


def check_naming(
    term: Term, level: str, held: Collection[tuple[str, str]], unit_code: str, terms: Iterable[Term]
) -> None:
    """Refuse naming somebody whose time ends before it begins, at a unit below the branch, who sells or adjusts or
    holds no such appointment there (422), and twice for one time (409).

    `held`: the person's appointments as (unit, position); `terms`: those of the unit so far.
    """
    faults = []
    if term.to_on is not None and term.to_on <= term.from_on:
        text = Text("止期须晚于起期。", "It ends after it begins.")
        faults.append(Fault("period_invalid", text, pointer="#/to_on"))
    if level not in LEVELS:
        text = Text("专员设在分公司或总公司。", "Officers are named at the branch or at head office.")
        faults.append(Fault("unit_below_branch", text, pointer="#/unit_code"))
    if faults:
        raise ValidationFailed(*faults)
    refuse_unfit([position for _, position in held])
    if (unit_code, "complaint_officer") not in held:
        fault = Fault(OfficerNotAppointed.code, OfficerNotAppointed.title, pointer="#/staff_no")
        raise OfficerNotAppointed(fault, unit_code=unit_code)
    if any(one.person_id == term.person_id and one.meets(term) for one in terms):
        raise OfficerNamedAlready()


def refuse_unfit(positions: Iterable[str]) -> None:
    """Refuse (422) an officer who also sells or adjusts."""
    if UNFIT & set(positions):
        raise OfficerSellsOrAdjusts(
            Fault(OfficerSellsOrAdjusts.code, OfficerSellsOrAdjusts.title, pointer="#/staff_no")
        )


def check_end(term: Term, to_on: date, today: date, others: Iterable[Term]) -> None:
    """Refuse an end before today or before the beginning (422), and one that leaves the unit on that day without a
    full-time officer (409)."""
    if to_on < max(today, term.from_on):
        text = Text("止期不能早于今日或起期。", "It ends today or later, and not before it begins.")
        raise ValidationFailed(Fault("end_in_past", text, pointer="#/to_on"))
    full_time = any(one.duty is OfficerDuty.FULL_TIME and one.covers(to_on) for one in others)
    if term.duty is OfficerDuty.FULL_TIME and not full_time:
        raise LastFullTimeOfficer()


def refuse_ended(term: Term, today: date) -> None:
    """Refuse (409) ending what is over."""
    if term.to_on is not None and term.to_on <= today:
        raise OfficerTermOver()


class OfficerTermOver(Conflict):
    code = "officer_term_over"
    title = Text("任期已结束", "The time is over")
    detail = Text("该任期已结束。", "This time in office is over already.")
