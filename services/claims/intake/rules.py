"""First notice of loss: what is refused (times that cannot be), what is only flagged (all the rest), who handles it.

A report is taken at any hour, for any policy, also for one that nobody can find: the claim exists from the report on
and no doubt about cover or delay turns it away (保险法 art. 21: late notice costs a right only for the part that can
no longer be determined, and never by itself).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.claims.claim.rules import Flag
from shared.errors import Fault, OccurredInFuture, ReasonRequired, Text


class Channel(StrEnum):
    """How a report came in."""

    PHONE = "phone"
    LETTER = "letter"
    VISIT = "visit"
    WEB = "web"
    EMAIL = "email"
    APP = "app"
    CORE_SYSTEM = "core_system"
    REGULATOR_TRANSFER = "regulator_transfer"
    RETURN_VISIT = "return_visit"
    SOCIAL = "social"


@dataclass(frozen=True)
class Thresholds:
    """Dated figures of the rule set `intake`."""

    notice_grace_minutes: int
    late_notice_hours: int
    head_office_deaths: int
    head_office_injured: int


@dataclass(frozen=True)
class Report:
    """The times and counts of one first notice; `notified_at` is the moment of the call, absent for “just now”."""

    loss_at: datetime
    notified_at: datetime | None = None
    notified_reason: str | None = None
    injured_named: int = 0
    injured_count: int = 0
    death_count: int = 0
    reinsured: bool = False


@dataclass(frozen=True)
class Admission:
    """An accepted report: its moment and what has to be looked at, in the order of `Flag`."""

    notified_at: datetime
    flags: tuple[Flag, ...]


def admit(report: Report, now: datetime, thresholds: Thresholds, flags: Iterable[Flag] = ()) -> Admission:
    """Accept a report with its flags; `flags` are those found by the policy match and the look for duplicates.

    Refuses (422) a loss or a notice in the future (`OccurredInFuture`, all faults at once) and a notice older than
    the grace without `notified_reason` (`ReasonRequired`). Everything else is accepted.
    """
    notified_at = now if report.notified_at is None else report.notified_at
    late = [
        Fault(OccurredInFuture.code, Text("不能晚于当前时间。", "This lies in the future."), pointer=f"#/{name}")
        for name, moment in (("loss_at", report.loss_at), ("notified_at", notified_at))
        if moment > now
    ]
    if late:
        raise OccurredInFuture(*late)
    grace = timedelta(minutes=thresholds.notice_grace_minutes)
    if now - notified_at > grace and not (report.notified_reason or "").strip():
        text = Text(
            f"报案时间早于现在 {thresholds.notice_grace_minutes} 分钟以上，须说明原因。",
            f"A notice older than {thresholds.notice_grace_minutes} minutes needs a reason.",
        )
        raise ReasonRequired(Fault(ReasonRequired.code, text, pointer="#/notified_reason"))
    found = {*flags, *_flags_of(report, notified_at, thresholds)}
    return Admission(notified_at, tuple(flag for flag in Flag if flag in found))


def _flags_of(report: Report, notified_at: datetime, thresholds: Thresholds) -> Iterable[Flag]:
    if notified_at - report.loss_at > timedelta(hours=thresholds.late_notice_hours):
        yield Flag.LATE_NOTICE
    if report.loss_at > notified_at:
        yield Flag.LOSS_AFTER_NOTICE
    if report.injured_named > report.injured_count + report.death_count:
        yield Flag.COUNTS_DIFFER
    if HeadOfficeReason.CASUALTIES in head_office_reasons(report, thresholds):
        yield Flag.SERIOUS_CASUALTIES
    if report.reinsured:
        yield Flag.REINSURED


class HeadOfficeReason(StrEnum):
    """Why head office must know within a day."""

    CASUALTIES = "casualties"
    REINSURED = "reinsured"


def head_office_reasons(report: Report, thresholds: Thresholds) -> list[HeadOfficeReason]:
    """Why head office is told at once: deaths or injured at or above the figures, or any reinsured risk."""
    reasons = []
    if report.death_count >= thresholds.head_office_deaths or report.injured_count >= thresholds.head_office_injured:
        reasons.append(HeadOfficeReason.CASUALTIES)
    if report.reinsured:
        reasons.append(HeadOfficeReason.REINSURED)
    return reasons


OPERATING_LEVELS = frozenset({"sub_branch", "central_branch"})
"""Levels whose units handle claims themselves; a branch operates its own city through its local unit."""


@dataclass(frozen=True)
class Unit:
    """One unit of the tree on the day of the report; a closed unit takes no work."""

    code: str
    path: str
    level: str
    open: bool = True

    @property
    def operates(self) -> bool:
        return self.open and self.level in OPERATING_LEVELS


class Ground(StrEnum):
    """Why a unit handles a claim."""

    POLICY = "policy"
    GIVEN = "given"
    CALLER = "caller"
    DESK = "desk"


@dataclass(frozen=True)
class Handling:
    """The unit a claim belongs to; `assign_unit`: a desk holds it until somebody names the operating unit."""

    unit: Unit
    ground: Ground
    assign_unit: bool


def handling_unit(
    *,
    policy_unit: Unit | None,
    given_unit: Unit | None,
    caller_unit: Unit | None,
    branch: Unit | None,
    head_office: Unit,
) -> Handling:
    """Who handles a report: the policy's unit, else the one given, else the caller's, else the intake desk.

    `branch` is the caller's branch. A policy or a caller that names a branch or head office lands on that desk, so no
    record is ever without an owner. An unknown or closed unit is passed as `None` or skipped.
    """
    named = ((Ground.POLICY, policy_unit), (Ground.GIVEN, given_unit))
    for ground, unit in named:
        if unit is not None and unit.open:
            return Handling(unit, ground, assign_unit=not unit.operates)
    if caller_unit is not None and caller_unit.operates:
        return Handling(caller_unit, Ground.CALLER, assign_unit=False)
    desk = branch if branch is not None and branch.open else head_office
    return Handling(desk, Ground.DESK, assign_unit=True)


def unit_after_match(current: Unit, policy_unit: Unit | None, *, has_approval_step: bool) -> Unit:
    """Where a claim belongs after a later match: with the policy's unit, unless an approval step already exists."""
    if policy_unit is None or not policy_unit.open or has_approval_step:
        return current
    return policy_unit
