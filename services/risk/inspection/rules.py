"""Inspections: when they are due, what a report must say, when one may be closed.

Every insured place is visited at least once in each policy year. Cycles, notice days and months looked back are data.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.errors import (
    Conflict,
    Fault,
    Forbidden,
    OccurredInFuture,
    Refused,
    SeparationOfDuties,
    StateConflict,
    Text,
    ValidationFailed,
)


class InspectionKind(StrEnum):
    PRE_BIND = "pre_bind"
    PERIODIC = "periodic"
    AD_HOC = "ad_hoc"
    RE_INSPECTION = "re_inspection"


class InspectionStatus(StrEnum):
    PLANNED = "planned"
    DUE = "due"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    REPORTED = "reported"
    CLOSED = "closed"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"


_S = InspectionStatus

NEXT: dict[InspectionStatus, frozenset[InspectionStatus]] = {
    # A visit may be agreed before it is due.
    _S.PLANNED: frozenset({_S.DUE, _S.SCHEDULED, _S.OVERDUE, _S.CANCELLED}),
    _S.DUE: frozenset({_S.SCHEDULED, _S.OVERDUE, _S.CANCELLED}),
    _S.SCHEDULED: frozenset({_S.IN_PROGRESS, _S.OVERDUE, _S.CANCELLED}),
    _S.IN_PROGRESS: frozenset({_S.REPORTED, _S.OVERDUE, _S.CANCELLED}),
    _S.OVERDUE: frozenset({_S.SCHEDULED, _S.IN_PROGRESS, _S.CANCELLED}),
    _S.REPORTED: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
}


def advance(current: InspectionStatus, to: InspectionStatus) -> InspectionStatus:
    """`to`, if an inspection may go there from `current`; otherwise `StateConflict` (409) with the legal moves."""
    if to not in NEXT[current]:
        moves = [str(status) for status in InspectionStatus if status in NEXT[current]]
        raise StateConflict(current_state=str(current), legal_moves=moves)
    return to


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
    """
    ends_on = min(ends_on, ended_on) if ended_on else ends_on
    if today >= ends_on:
        return []
    dates = due_dates(starts_on, ends_on, cycles[risk_level])
    kept = [day for day in dates if day >= today]
    if len(kept) == len(dates):
        return kept
    year_end = _end_of_policy_year(starts_on, ends_on, today)
    if not any(day < year_end for day in kept):
        kept.insert(0, min(add_months(today, cycles[risk_level]), year_end - timedelta(days=1)))
    return kept


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


class Section(StrEnum):
    """The eight parts of a report; every one is mandatory."""

    MANAGEMENT_ATTITUDE = "management_attitude"
    SAFETY_RULES = "safety_rules"
    ADDRESS = "address"
    SAFETY_FACILITIES = "safety_facilities"
    PRODUCTS = "products"
    PROCESS_FLOW = "process_flow"
    HAZARDS = "hazards"
    ACCIDENT_HISTORY = "accident_history"


@dataclass(frozen=True)
class SectionEntry:
    """What was written in one section; `counts` are facilities and equipment, `none_found` says “no accidents”."""

    text: str
    counts: Mapping[str, int] | None = None
    none_found: bool = False
    explanation: str = ""


class ReportWarning(StrEnum):
    """What a report is told without being refused."""

    ACCIDENT_HISTORY_CONTRADICTED = "accident_history_contradicted"


def check_report(
    sections: Mapping[str, SectionEntry],
    *,
    inspected_at: datetime,
    now: datetime,
    claims_on: Iterable[date],
    history_months: int,
    jointly: bool = False,
    participants: Collection[str] = (),
) -> list[ReportWarning]:
    """The warnings of a complete report.

    Refuses an inspection in the future (422), and together (422) missing or unknown sections, empty ones, negative
    counts and a joint visit without participants. “No accidents” although a claim lies within `history_months` is a
    warning until it is explained.
    """
    if inspected_at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/inspected_at"))
    faults = list(_section_faults(sections))
    if jointly and not any(name.strip() for name in participants):
        text = Text("联合查勘须写明参加人。", "A joint visit names its participants.")
        faults.append(Fault("participants_required", text, pointer="#/participants"))
    if faults:
        raise ValidationFailed(*faults)
    history = sections[Section.ACCIDENT_HISTORY]
    since = add_months(inspected_at.date(), -history_months)
    contradicted = history.none_found and any(day >= since for day in claims_on)
    return [ReportWarning.ACCIDENT_HISTORY_CONTRADICTED] if contradicted and not history.explanation.strip() else []


def _section_faults(sections: Mapping[str, SectionEntry]) -> Iterable[Fault]:
    for name in Section:
        if name not in sections:
            text = Text("缺少该部分。", "This section is missing.")
            yield Fault("section_missing", text, pointer=f"#/sections/{name}")
        elif not sections[name].text.strip():
            text = Text("该部分没有内容。", "This section is empty.")
            yield Fault("section_empty", text, pointer=f"#/sections/{name}")
    for name, entry in sections.items():
        if name not in set(Section):
            text = Text("没有这一部分。", "There is no such section.")
            yield Fault("section_unknown", text, pointer=f"#/sections/{name}")
        for label, count in (entry.counts or {}).items():
            if count < 0:
                text = Text("数量不能为负。", "A count cannot be negative.")
                yield Fault("count_negative", text, pointer=f"#/sections/{name}/counts/{label}")


class FeedbackRole(StrEnum):
    LEADER = "leader"
    SAFETY_HEAD = "safety_head"


class FeedbackMissing(Conflict):
    """Member: `missing` roles."""

    code = "feedback_missing"
    title = Text("缺少客户意见", "Feedback is missing")
    detail = Text(
        "须征求 {missing} 的意见，或记录其拒绝的原因。",
        "Feedback of {missing} is wanted, or the reason why it was declined.",
    )


def close(
    current: InspectionStatus, feedback: Collection[FeedbackRole], declined: Mapping[FeedbackRole, str]
) -> InspectionStatus:
    """The state of a closed inspection; both persons answered, or the reason of their silence is on record (409)."""
    status = advance(current, InspectionStatus.CLOSED)
    missing = [str(role) for role in FeedbackRole if role not in feedback and not declined.get(role, "").strip()]
    if missing:
        raise FeedbackMissing(missing=missing)
    return status


class InspectorOutsideSubtree(Forbidden):
    code = "inspector_outside_subtree"
    title = Text("检查人不属于该辖区", "The inspector is of another area")
    detail = Text("检查人所在机构不管辖该客户。", "The inspector's unit does not have this customer in its area.")


def check_inspector(
    inspector_id: UUID, inspector_path: str, record_path: str, *, seller_id: UUID | None, underwriter_id: UUID | None
) -> None:
    """Refuse (403) an inspector of another subtree, and one who sold the contract or underwrites it."""
    if record_path != inspector_path and not record_path.startswith(f"{inspector_path}."):
        raise InspectorOutsideSubtree()
    for duty, person_id in (("seller", seller_id), ("underwriter", underwriter_id)):
        if person_id == inspector_id:
            raise SeparationOfDuties(conflicting_duty=duty)


class FeedbackEmpty(Refused):
    code = "feedback_empty"
    title = Text("须写明意见或拒绝原因", "Feedback or a reason")
    detail = Text("须写明意见，或记录其拒绝的原因。", "Say what was said, or why nothing was.")


def refuse_empty_feedback(text: str | None, declined_reason: str | None) -> None:
    """Refuse (422) feedback without words and without the reason of its absence."""
    if not (text or "").strip() and not (declined_reason or "").strip():
        raise FeedbackEmpty(Fault(FeedbackEmpty.code, FeedbackEmpty.detail, pointer="#/text"))


def refuse_confirmed(status: str) -> None:
    """Refuse (409) confirming a plan twice, or one whose policy has ended."""
    if status != "planned":
        raise StateConflict(current_state=status, legal_moves=[])
