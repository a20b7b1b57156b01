"""The deadlines of a claim, computed from its facts each time they are asked for; and the claims to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select

from services.claims.claim.queries import ClaimFacts
from services.claims.claim.rules import ClaimStatus, Line, Outcome
from services.claims.claim.tables import Claim
from services.claims.deadlines import rules
from services.claims.deadlines.tables import DeadlineLook, DeadlineMark
from shared.calendar import BusinessCalendar
from shared.clock import legal_day
from shared.database import Transaction
from shared.deadline_registry import DeadlineRegistry
from shared.periods import Deadline
from shared.rule_sets import in_force

OVER = ("cancelled", "archived")
"""States in which nothing more is owed."""

_PAID = frozenset({Outcome.PAID, Outcome.PARTIAL})


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else legal_day(moment)


def facts_of(claim: Claim) -> rules.ClaimFacts:
    """The claim's facts as the periods take them. What another room does about a period stands on the claim itself."""
    covered = None if claim.determined_at is None else claim.outcome != Outcome.REFUSED
    settled_on = _day(claim.settled_at)
    return rules.ClaimFacts(
        individual_accident=claim.line == Line.ACCIDENT and claim.business == "individual",
        documents_received_on=_day(claim.documents_received_at), complex_reason=claim.complex_reason,
        complex_told_on=_day(claim.complex_told_at), supplement_served_on=_day(claim.supplement_served_at),
        supplements_received_on=_day(claim.supplements_received_at), determined_on=_day(claim.determined_at),
        covered=covered, refusal_served_on=settled_on if claim.outcome == Outcome.REFUSED else None,
        amount_fixed_on=_day(claim.determined_at) if covered else None, advance_paid_on=_day(claim.advance_paid_at),
        agreed_on=_day(claim.agreed_at), paid_on=settled_on if claim.outcome in _PAID else None,
        event_known_on=legal_day(claim.loss_at) if claim.line == Line.ACCIDENT else None,
        liability_fixed_on=claim.liability_fixed_on, grave_known_at=claim.grave_known_at,
        head_office_informed_at=claim.head_office_informed_at, closed_on=_day(claim.closed_at),
        shelved_on=_day(claim.shelved_at),
    )  # fmt: skip


async def registry(tx: Transaction) -> tuple[DeadlineRegistry, BusinessCalendar]:
    """The periods of this service, of every date, and the working days of all years."""
    rows, days = await in_force(tx, "deadlines"), await in_force(tx, "calendars")
    return rows.parsed(_registry), days.parsed(BusinessCalendar.from_content)


def _registry(content: dict[str, Any], _version: str) -> DeadlineRegistry:
    return DeadlineRegistry.from_content(content)


async def marks_of(tx: Transaction, claim_id: UUID) -> Sequence[DeadlineMark]:
    """What has happened about this claim's periods so far."""
    statement = select(DeadlineMark).where(DeadlineMark.claim_id == claim_id)
    return await tx.scalars(statement.order_by(DeadlineMark.at))


async def periods_of(tx: Transaction, claim: Claim) -> tuple[rules.ClaimPeriod, ...]:
    """Every period that has started, with what was marked about it; none once the claim is cancelled."""
    if claim.state is ClaimStatus.CANCELLED:
        return ()
    rows, days = await registry(tx)
    marks = {(one.deadline, one.started_on, one.mark): one for one in await marks_of(tx, claim.id)}
    found = rules.claim_periods(facts_of(claim), rows, days, legal_day(tx.now))
    return tuple(_marked(period, marks) for period in found)


def _marked(period: rules.ClaimPeriod, marks: dict[Any, DeadlineMark]) -> rules.ClaimPeriod:
    breached = marks.get((period.deadline.id, period.started_on, "breached"))
    escalated = marks.get((period.deadline.id, period.started_on, "escalated"))
    deadline = replace(
        period.deadline, breached_at=breached and breached.at, escalated_to=escalated and escalated.unit_code
    )
    return replace(period, deadline=deadline)


async def deadlines_of(tx: Transaction, claim: Claim) -> list[Deadline]:
    """What the claim owes by when, in the order of its life. Computed afresh: a new paper never restarts a period."""
    return [period.deadline for period in await periods_of(tx, claim)]


async def decision_deadline(tx: Transaction, claim: Claim) -> Deadline | None:
    """By when the claim must be determined: 30 days, or 5 working days; None before papers have come in."""
    for deadline in await deadlines_of(tx, claim):
        if deadline.id in ("DL-CL-1", "DL-CL-1a"):
            return deadline
    return None


async def shown(tx: Transaction, facts: ClaimFacts) -> dict[str, Any]:
    """The part of the claim that tells its deadlines."""
    return {"deadlines": [one.shown() for one in await deadlines_of(tx, facts.claim)]}


async def to_look_at(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Claims with a running period that were changed since the last look, or whose next moment has come."""
    running = or_(
        *(
            column.is_not(None)
            for column in (Claim.documents_received_at, Claim.determined_at, Claim.agreed_at, Claim.grave_known_at)
        )
    )
    fresh = exists().where(
        DeadlineLook.claim_id == Claim.id, DeadlineLook.looked_at >= Claim.updated_at, DeadlineLook.again_at > tx.now
    )
    statement = select(Claim.id).where(Claim.status.not_in(OVER), running, ~fresh)
    return await tx.scalars(statement.order_by(Claim.updated_at, Claim.id).limit(limit))
