"""The clock of a complaint. Pure: each act takes a clock and gives the next one, or refuses (`refusals.py`).

The rule in force on the day of receipt applies to the end. Periods count from receipt; closing and reopening, merging
or re-dating never restart them. Only a pause for appraisal or mediation moves the due date, only new facts with new
material restart the period, and both are told to the complainant. An extension is told before the period ends; the last
one is also approved by the superior unit or a senior manager of head office.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.complaints.clock.rules.approver import check_approver as check_approver
from services.complaints.clock.rules.refusals import (
    ExtensionNotApproved,
    ExtensionNotTold,
    ExtensionOutOfOrder,
    ExtensionToldTooLate,
    NoComplaintRule,
    NoNewMaterial,
    NotPaused,
    PauseAlreadyOpen,
    PauseBeforeReceipt,
    PauseNotTold,
    PauseReasonNotAllowed,
    PauseToldTooLate,
    PeriodAtMaximum,
    PeriodOver,
    RestartBeforePeriod,
    RestartNotTold,
    ReviewBeforeDecision,
    ReviewRequestLate,
)
from shared.calendar import BusinessCalendar
from shared.clock import at_midnight, legal_day
from shared.deadline_registry import DeadlineRegistry, DeadlineRow
from shared.errors import OccurredInFuture, ReasonRequired
from shared.periods import Deadline, Pause, deadline_of


class Rule(StrEnum):
    """Which rule binds the complaint, by its day of receipt and its subject."""

    R2013 = "r2013"
    R2020 = "r2020"
    AQ9010 = "aq9010"


GENERAL_RULES = (Rule.R2020, Rule.R2013)


class Stage(StrEnum):
    """How far the period reaches; each extension moves one stage on."""

    SIMPLE = "simple"
    COMPLEX = "complex"
    EXTENDED = "extended"


NEXT = {Stage.SIMPLE: Stage.COMPLEX, Stage.COMPLEX: Stage.EXTENDED}
DEADLINE = {Stage.SIMPLE: "DL-CO-1", Stage.COMPLEX: "DL-CO-2", Stage.EXTENDED: "DL-CO-3"}
STEP = {15: Stage.COMPLEX, 30: Stage.EXTENDED}
"""The `days` of an extension: 15 more lead to the complex period, 30 more to the last one."""


@dataclass(frozen=True, slots=True)
class ComplaintClock:
    """The path of one complaint's period. `received_on` never changes; `started_on` does, by a restart only."""

    rule: Rule
    received_on: date
    started_on: date
    stage: Stage = Stage.SIMPLE
    pauses: tuple[Pause, ...] = ()


def rule_for(received_on: date, registry: DeadlineRegistry, *, about_prevention_service: bool = False) -> Rule:
    """The rule in force on the day of receipt.

    A complaint about the prevention service of work-safety liability insurance follows AQ 9010-2019 from the day on
    which that standard is in force. No rule at all on that day is refused with 422.
    """
    candidates = (Rule.AQ9010, *GENERAL_RULES) if about_prevention_service else GENERAL_RULES
    for rule in candidates:
        if registry.find(DEADLINE[Stage.SIMPLE], received_on, rule.value):
            return rule
    raise NoComplaintRule(received_on=received_on.isoformat())


def open_clock(
    received_on: date, registry: DeadlineRegistry, *, about_prevention_service: bool = False
) -> ComplaintClock:
    """The clock of a complaint received on `received_on`, in its shortest period."""
    rule = rule_for(received_on, registry, about_prevention_service=about_prevention_service)
    return ComplaintClock(rule, received_on, received_on)


def row_of(clock: ComplaintClock, stage: Stage, registry: DeadlineRegistry) -> DeadlineRow:
    """The registry row of `stage` under the clock's rule as it stood on the day of receipt."""
    return registry.row(DEADLINE[stage], clock.received_on, clock.rule.value)


def current_deadline(
    clock: ComplaintClock, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> Deadline:
    """The deadline of the clock's stage; a pause that lasts counts up to `today`."""
    row = row_of(clock, clock.stage, registry)
    before = registry.row(row.extends, clock.received_on, clock.rule.value) if row.extends else None
    return deadline_of(row, clock.started_on, calendar, pauses=clock.pauses, as_of=today, extends=before)


def extend(
    clock: ComplaintClock,
    to: Stage,
    registry: DeadlineRegistry,
    calendar: BusinessCalendar,
    *,
    reason: str,
    told_at: datetime | None,
    approved_at: datetime | None,
    now: datetime,
) -> ComplaintClock:
    """Move the period one stage on.

    Refuses a jump (409), more than the last stage (409), no reason (422), a period not told or told after it ended
    (422), and the last stage without approval before the telling (422). Instants are aware.
    """
    following = NEXT.get(clock.stage)
    if following is None:
        raise PeriodAtMaximum()
    if to is not following:
        raise ExtensionOutOfOrder(current_stage=clock.stage.value, next_stage=following.value)
    needs = row_of(clock, to, registry).needs
    if "reason" in needs and not reason.strip():
        raise ReasonRequired()
    _not_later_than(now, told_at, approved_at)
    if "notice" in needs:
        if told_at is None or legal_day(told_at) < clock.started_on:
            raise ExtensionNotTold()
        if over := _over_at(clock, registry, calendar, told_at):
            raise ExtensionToldTooLate(due_legal_on=over)
    if "approval" in needs and (approved_at is None or (told_at is not None and approved_at > told_at)):
        raise ExtensionNotApproved()
    return replace(clock, stage=to)


def pause(
    clock: ComplaintClock,
    span: Pause,
    registry: DeadlineRegistry,
    calendar: BusinessCalendar,
    *,
    told_at: datetime | None,
    now: datetime,
) -> ComplaintClock:
    """Leave the days of `span` out of the period, for the reasons that the rule allows, told to the complainant.

    Refuses another reason (422), a pause that is not told or told after the period ended (422), one before the period
    (422) or in the future (422), one that begins after the period ended (409) and a second open one for the same reason
    (409).
    """
    allowed = row_of(clock, clock.stage, registry).pauses
    if span.reason not in allowed:
        raise PauseReasonNotAllowed(reason=span.reason, allowed=allowed)
    if told_at is None:
        raise PauseNotTold()
    _not_later_than(now, told_at)
    if max(span.from_on, span.to_on or span.from_on) > legal_day(now):
        raise OccurredInFuture()
    if span.from_on < clock.started_on:
        raise PauseBeforeReceipt(started_on=clock.started_on.isoformat())
    if any(one.to_on is None and one.reason == span.reason for one in clock.pauses):
        raise PauseAlreadyOpen(reason=span.reason)
    _still_running(clock, registry, calendar, span.from_on)
    if over := _over_at(clock, registry, calendar, told_at):
        raise PauseToldTooLate(due_legal_on=over)
    return replace(clock, pauses=(*clock.pauses, span))


def end_pause(clock: ComplaintClock, reason: str, to_on: date) -> ComplaintClock:
    """Close the open pause for `reason` on `to_on`; without one 409, before it began 422."""
    if not any(one.to_on is None and one.reason == reason for one in clock.pauses):
        raise NotPaused(reason=reason)
    ended = tuple(
        replace(one, to_on=to_on) if one.to_on is None and one.reason == reason else one for one in clock.pauses
    )
    return replace(clock, pauses=ended)


def restart(
    clock: ComplaintClock,
    material_received_on: date,
    registry: DeadlineRegistry,
    calendar: BusinessCalendar,
    *,
    new_facts: str,
    new_material: Iterable[object],
    told_at: datetime | None,
    now: datetime,
) -> ComplaintClock:
    """Start the shortest period again on the day the new material arrived; rule and day of receipt stay.

    `new_material` are the papers that came in with the new facts. Refuses facts without material or material without
    facts (422), an untold restart (422), material older than the period (422) and a period that is over (409).
    """
    if not new_facts.strip() or not any(True for _ in new_material):
        raise NoNewMaterial()
    if told_at is None:
        raise RestartNotTold()
    _not_later_than(now, told_at)
    if material_received_on > legal_day(now):
        raise OccurredInFuture()
    if material_received_on < clock.started_on:
        raise RestartBeforePeriod(started_on=clock.started_on.isoformat())
    _still_running(clock, registry, calendar, material_received_on)
    return replace(clock, started_on=material_received_on, stage=Stage.SIMPLE)


def binding_deadline(own: Deadline, merged: Iterable[Deadline] = ()) -> Deadline:
    """The deadline to answer by when complaints were merged: each keeps its own, and the earliest binds."""
    return min((own, *merged), key=lambda one: one.due_at)


def review_request_deadline(received_on: date, registry: DeadlineRegistry, calendar: BusinessCalendar) -> Deadline:
    """Until when the complainant may ask for a review; `received_on` is the day the decision reached them."""
    return deadline_of(registry.row("DL-CO-4", received_on), received_on, calendar)


def check_review_request(
    received_on: date, requested_on: date, registry: DeadlineRegistry, calendar: BusinessCalendar
) -> None:
    """Refuse a review request (409) only after its `due_legal_on`, and one before the decision arrived (422)."""
    if requested_on < received_on:
        raise ReviewBeforeDecision()
    due = review_request_deadline(received_on, registry, calendar).due_legal_on
    if due is not None and requested_on > due:
        raise ReviewRequestLate(due_legal_on=due.isoformat())


def review_decision_deadline(requested_on: date, registry: DeadlineRegistry, calendar: BusinessCalendar) -> Deadline:
    """Until when the superior unit decides a review asked for on `requested_on`."""
    return deadline_of(registry.row("DL-CO-5", requested_on), requested_on, calendar)


def _not_later_than(now: datetime, *facts: datetime | None) -> None:
    if any(at is not None and at > now for at in facts):
        raise OccurredInFuture()


def _over_at(clock: ComplaintClock, registry: DeadlineRegistry, calendar: BusinessCalendar, at: datetime) -> str | None:
    """The last day of the period if it had ended at the instant `at`."""
    deadline = current_deadline(clock, registry, calendar, legal_day(at))
    return str(deadline.due_legal_on) if deadline.passed(at) else None


def _still_running(clock: ComplaintClock, registry: DeadlineRegistry, calendar: BusinessCalendar, on: date) -> None:
    if over := _over_at(clock, registry, calendar, at_midnight(on)):
        raise PeriodOver(due_legal_on=over)
