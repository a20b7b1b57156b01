"""What a claim owes by when. Pure: facts, registry rows and calendar in, deadlines out.

Every period is computed afresh from the facts, so a new paper never restarts one: the 30 days of Insurance Law art. 23
start with the first request with documents, and only the one supplement notice stops them (Interpretation II art. 15).
The 60 days of art. 25 are not stopped by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from shared.calendar import DAY, BusinessCalendar
from shared.clock import at_midnight, legal_day
from shared.deadline_registry import DeadlineRegistry, DeadlineRow
from shared.errors import Conflict, Refused, Text
from shared.periods import Deadline, Pause, day_of_period, deadline_of

SUPPLEMENT = "supplement"


class ComplexReasonMissing(Refused):
    code = "complex_reason_missing"
    title = Text("缺少复杂案件的理由", "A complex case needs a reason")
    detail = Text("将案件标记为复杂必须说明理由。", "Marking a claim complex needs a reason.")


class ComplexNotTold(Refused):
    code = "complex_not_told"
    title = Text("未告知索赔人", "The claimant has not been told")
    detail = Text(
        "标记为复杂案件的理由必须告知索赔人，且不早于收到资料之日。",
        "The reason why the claim is complex must be told to the claimant, after the documents arrived.",
    )


class ComplexToldTooLate(Conflict):
    """Member: `due_legal_on`, the last day of the period that was to be replaced."""

    code = "complex_told_too_late"
    title = Text("核定期限已过", "The period is over")
    detail = Text(
        "核定期限已于 {due_legal_on} 届满，不能再标记为复杂案件。",
        "The period ended on {due_legal_on}; the claim can no longer be marked complex.",
    )


class ComplexNotApplicable(Conflict):
    """Member: `why`, one of `no_short_period`, `marked_already`, `decided`."""

    code = "complex_not_applicable"
    title = Text("不能标记为复杂案件", "The claim cannot be marked complex")
    detail = Text(
        "只有尚未核定、未标记过的个人意外险赔案可以标记为复杂案件（{why}）。",
        "Only an individual accident claim that is undecided and not yet marked can be marked complex ({why}).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """What is known of a claim. Days are days of Asia/Shanghai; what has not happened is None."""

    individual_accident: bool = False
    """Personal accident cover of an individual, not of a group."""
    documents_received_on: date | None = None
    """First request together with documents; never moved by later papers."""
    complex_reason: str | None = None
    complex_told_on: date | None = None
    supplement_served_on: date | None = None
    supplements_received_on: date | None = None
    determined_on: date | None = None
    covered: bool | None = None
    refusal_served_on: date | None = None
    amount_fixed_on: date | None = None
    advance_paid_on: date | None = None
    agreed_on: date | None = None
    paid_on: date | None = None
    event_known_on: date | None = None
    liability_fixed_on: date | None = None
    grave_known_at: datetime | None = None
    """When it became known that the accident is grave or the claim reinsured, see `grave_reason`."""
    head_office_informed_at: datetime | None = None
    closed_on: date | None = None
    shelved_on: date | None = None


@dataclass(frozen=True, slots=True)
class ClaimPeriod:
    """One running or finished period of a claim, with the days on which something is to be done about it."""

    deadline: Deadline
    row: DeadlineRow
    met_at: date | datetime | None = None
    escalate_on: date | None = None
    task_on: date | None = None
    started_on: date | None = None
    """The day of the trigger: a reopened claim has the same period again, from another day."""
    pay_on: date | None = None
    """For a payment: the last working day to make it, at the latest `due_on`."""

    @property
    def warn_only(self) -> bool:
        """Limitation is a defence of the insurer: it is shown, never a breach and never a refusal by itself."""
        return "warn" in self.row.on_breach

    def breached(self, now: datetime) -> bool:
        """Whether the legal period passed before the duty was done; what was done too late stays a breach."""
        if self.warn_only:
            return False
        if isinstance(self.met_at, datetime):
            return self.deadline.passed(self.met_at)
        if self.met_at is not None:
            return self.deadline.due_legal_on is not None and self.met_at > self.deadline.due_legal_on
        return self.deadline.passed(now)

    def to_escalate(self, now: datetime) -> bool:
        """Whether the claim climbs one level now: once, while the duty is open and the period runs."""
        waiting = self.met_at is None and self.deadline.escalated_to is None and not self.deadline.paused
        if not waiting:
            return False
        if self.escalate_on is not None:
            return legal_day(now) >= self.escalate_on
        return "escalate" in self.row.on_breach and self.deadline.overdue(now)

    def next_moment(self, now: datetime) -> datetime | None:
        """The next instant after `now` at which something may be to do about this period, while its duty is open."""
        if self.met_at is not None or self.warn_only:
            return None
        days = [day for day in (self.escalate_on, self.task_on, self._overdue_on()) if day is not None]
        moments = [*(at_midnight(day) for day in days), self.deadline.due_at]
        return min((moment for moment in moments if moment > now), default=None)

    def _overdue_on(self) -> date | None:
        due_on = self.deadline.due_on
        return due_on + DAY if due_on is not None and self.deadline.ends_with_day else None

    def task_due(self, now: datetime) -> bool:
        """Whether the task of this period (an advance payment) is to be opened now."""
        return self.met_at is None and self.task_on is not None and legal_day(now) >= self.task_on


def supplement_pause(facts: ClaimFacts) -> tuple[Pause, ...]:
    """The one pause of a claim: service of the supplement notice to arrival of the supplements, in whole days."""
    if facts.supplement_served_on is None:
        return ()
    return (Pause(facts.supplement_served_on, facts.supplements_received_on, SUPPLEMENT),)


def marked_complex(facts: ClaimFacts) -> bool:
    """Whether the 30 days replace the short period of individual accident cover: a reason, told to the claimant."""
    return bool(facts.complex_reason and facts.complex_reason.strip()) and facts.complex_told_on is not None


def grave_reason(deaths: int, injured: int, reinsured: bool, row: DeadlineRow) -> str | None:
    """`casualties` or `reinsured` if head office must be told, by the thresholds of DL-CL-7's `row`, else None."""
    if deaths >= int(row.terms["deaths"]) or injured >= int(row.terms["injured"]):
        return "casualties"
    return "reinsured" if reinsured else None


def claim_periods(
    facts: ClaimFacts, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> tuple[ClaimPeriod, ...]:
    """Every period that has started, in the order of the claim's life.

    A supplement pause that lasts counts up to `today`; the period is then `paused` and its dates still move.
    A row that was not in force on the day of its trigger gives no period.
    """
    return tuple(
        period
        for part in (_decision, _refusal, _payment, _advance, _limitation, _head_office, _shelving)
        for period in part(facts, registry, calendar, today)
    )


def may_mark_complex(facts: ClaimFacts, undecided: bool) -> None:
    """Refuse (409) a claim without the short period, one marked already, and one that is decided."""
    if not facts.individual_accident:
        raise ComplexNotApplicable(why="no_short_period")
    if marked_complex(facts):
        raise ComplexNotApplicable(why="marked_already")
    if not undecided:
        raise ComplexNotApplicable(why="decided")


def check_marked_complex(
    facts: ClaimFacts, reason: str, told_on: date, registry: DeadlineRegistry, calendar: BusinessCalendar
) -> None:
    """Refuse marking a claim complex without reason (422), untold (422) or after the short period ended (409).

    `facts` are those before the marking; `told_on` is the day on which the claimant was told the reason.
    """
    if not reason.strip():
        raise ComplexReasonMissing()
    if facts.documents_received_on is not None and told_on < facts.documents_received_on:
        raise ComplexNotTold()
    for period in _decision(facts, registry, calendar, told_on):
        due = period.deadline.due_legal_on
        if due is not None and told_on > due and not period.deadline.paused:
            raise ComplexToldTooLate(due_legal_on=due.isoformat())


def _decision(
    facts: ClaimFacts, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> Iterator[ClaimPeriod]:
    """Art. 23: 30 days; individual accident cover 5 working days unless marked complex. One pause only."""
    start = facts.documents_received_on
    if start is None:
        return
    short = registry.find("DL-CL-1a", start) if facts.individual_accident and not marked_complex(facts) else None
    row = short or registry.find("DL-CL-1", start)
    if row is None:
        return
    pauses = supplement_pause(facts)
    escalate_on = None
    if row.escalate_after is not None:
        escalate_on = day_of_period(row, row.escalate_after, start, calendar, pauses, today)
    deadline = deadline_of(row, start, calendar, pauses=pauses, as_of=today)
    yield ClaimPeriod(deadline, row, facts.determined_on, escalate_on, started_on=start)


def _refusal(
    facts: ClaimFacts, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> Iterator[ClaimPeriod]:
    """Art. 24: written refusal with reasons within 3 days of the determination."""
    start = facts.determined_on
    if start is not None and facts.covered is False and (row := registry.find("DL-CL-2", start)):
        yield ClaimPeriod(deadline_of(row, start, calendar), row, facts.refusal_served_on, started_on=start)


def _payment(
    facts: ClaimFacts, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> Iterator[ClaimPeriod]:
    """Art. 23: payment within 10 days of the agreement, drawn forward to a working day."""
    start = facts.agreed_on
    if start is not None and (row := registry.find("DL-CL-3", start)):
        deadline = deadline_of(row, start, calendar)
        pay_on = calendar.payment_day(deadline.due_on) if deadline.due_on else None
        yield ClaimPeriod(deadline, row, facts.paid_on, pay_on=pay_on, started_on=start)


def _advance(
    facts: ClaimFacts, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> Iterator[ClaimPeriod]:
    """Art. 25: the ascertainable amount first if the whole is not fixed in 60 days; the task opens earlier."""
    start = facts.documents_received_on
    if start is None or not (row := registry.find("DL-CL-4", start)):
        return
    refused_on = facts.determined_on if facts.covered is False else None
    done = [day for day in (facts.amount_fixed_on, facts.advance_paid_on, refused_on) if day is not None]
    task_on = None if row.task_after is None else day_of_period(row, row.task_after, start, calendar)
    met_on = min(done, default=None)
    yield ClaimPeriod(deadline_of(row, start, calendar), row, met_on, task_on=task_on, started_on=start)


def _limitation(
    facts: ClaimFacts, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> Iterator[ClaimPeriod]:
    """Art. 26 and Interpretation IV art. 18: shown as a warning; the claim itself ends it."""
    for deadline_id, start in (("DL-CL-5", facts.event_known_on), ("DL-CL-6", facts.liability_fixed_on)):
        if start is not None and (row := registry.find(deadline_id, start)):
            yield ClaimPeriod(deadline_of(row, start, calendar), row, facts.documents_received_on, started_on=start)


def _head_office(
    facts: ClaimFacts, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> Iterator[ClaimPeriod]:
    """Head office is told of a grave accident or a reinsured claim within hours, to the exact moment."""
    start = facts.grave_known_at
    if start is not None and (row := registry.find("DL-CL-7", legal_day(start))):
        informed_at = facts.head_office_informed_at
        yield ClaimPeriod(deadline_of(row, start, calendar), row, informed_at, started_on=legal_day(start))


def _shelving(
    facts: ClaimFacts, registry: DeadlineRegistry, calendar: BusinessCalendar, today: date
) -> Iterator[ClaimPeriod]:
    """One claim, one volume, on the shelf in working days after closing."""
    start = facts.closed_on
    if start is not None and (row := registry.find("DL-AR-1", start)):
        yield ClaimPeriod(deadline_of(row, start, calendar), row, facts.shelved_on, started_on=start)
