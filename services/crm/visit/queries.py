"""Reading visits: the list, the facts that actions are judged by, the figures and questions that apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select

from services.crm.customer.tables import Customer
from services.crm.reference.tables import ClaimReference, DutyTaken, PolicyReference, RecordReference
from services.crm.timeline.queries import DEEPEST
from services.crm.visit import rules
from services.crm.visit.tables import Finding, ReturnVisit, SamplingKey, VisitAttempt
from shared import assignees
from shared.calendar import BusinessCalendar
from shared.clock import legal_day
from shared.database import Transaction
from shared.deadline_registry import DeadlineRegistry
from shared.pagination import Filter, Listing
from shared.rule_sets import RuleSet, in_force
from shared.ticks import unclaimed
from shared.work_items import work_items

OVERDUE = "return_visit_overdue"


def _due_before(value: str) -> Any:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return (ReturnVisit.due_at < moment) & ReturnVisit.status.in_(map(str, rules.OPEN))


def _of_policy(policy_no: str) -> Any:
    policies = select(PolicyReference.policy_id).where(PolicyReference.policy_no == policy_no)
    claims = select(ClaimReference.claim_id).where(ClaimReference.policy_id.in_(policies))
    return or_(ReturnVisit.about_id.in_(policies), ReturnVisit.about_id.in_(claims))


def _of_claim(claim_no: str) -> Any:
    claims = select(ClaimReference.claim_id).where(ClaimReference.claim_no == claim_no)
    return ReturnVisit.about_id.in_(claims)


def _assigned_to(person_id: str) -> Any:
    items = work_items.c
    return exists().where(
        items.record_id == ReturnVisit.id, items.closed_at.is_(None), items.person_id == UUID(person_id)
    )


VISITS = Listing(
    model=ReturnVisit,
    filters={
        "status": Filter(ReturnVisit.status),
        "kind": Filter(ReturnVisit.kind),
        "customer_id": Filter(ReturnVisit.customer_id, UUID),
        "about_id": Filter(ReturnVisit.about_id, UUID),
        "batch_id": Filter(ReturnVisit.batch_id, UUID),
        "cancelled_by": Filter(ReturnVisit.cancelled_by),
        "due_on": Filter(ReturnVisit.due_on, date, ranged=True),
        "completed_at": Filter(ReturnVisit.completed_at, datetime, ranged=True),
    },
    conditions={
        "due_before": _due_before,
        "policy_no": _of_policy,
        "claim_no": _of_claim,
        "assignee_person_id": _assigned_to,
    },
    sorts={"due_at": ReturnVisit.due_at},
    default_sort="due_at",
)


@dataclass(frozen=True)
class VisitFacts:
    """What an action on a visit is judged by, read once."""

    visit: ReturnVisit
    modes: tuple[rules.Mode, ...]
    """Of the attempts so far."""
    sellers: frozenset[UUID]
    claim_duties: tuple[tuple[UUID, str], ...]
    manager: UUID | None
    """Who manages the customer's account."""


async def facts_of(tx: Transaction, visit: ReturnVisit) -> VisitFacts:
    """The facts, with who did what on the record the visit is about and on those above it."""
    duties = await duties_about(tx, visit.about_id)
    modes = tuple(rules.Mode(one.mode) for one in await attempts_of(tx, visit.id))
    sellers = frozenset(person for person, duty in duties if duty == "seller")
    manager = await tx.scalar(select(Customer.manager_id).where(Customer.id == visit.customer_id))
    return VisitFacts(visit, modes, sellers, tuple(one for one in duties if one[1] != "seller"), manager)


async def who_may_visit(tx: Transaction, visit_id: UUID, _state: Any) -> assignees.Check:
    """For pickers: the refusal that this person would get on asking the customer."""
    facts = await facts_of(tx, await tx.find(ReturnVisit, visit_id))

    async def check(person_id: UUID) -> None:
        await assignees.refuse_without_post(tx, person_id, ("service_agent",), facts.visit.org_path)
        rules.refuse_caller(person_id, sellers=facts.sellers, claim_duties=facts.claim_duties, manager=facts.manager)

    return check


async def who_may_take_over(tx: Transaction, visit_id: UUID, _state: Any) -> assignees.Check:
    """For work that is given to another unit of the branch: who sold nothing here and handled nothing of it."""
    facts = await facts_of(tx, await tx.find(ReturnVisit, visit_id))

    async def check(person_id: UUID) -> None:
        rules.refuse_caller(person_id, sellers=facts.sellers, claim_duties=facts.claim_duties, manager=facts.manager)

    return check


async def duties_about(tx: Transaction, about_id: UUID) -> list[tuple[UUID, str]]:
    """Who sold or handled this record or one above it: a claim answers for the seller of its policy."""
    chain: list[UUID] = []
    step: UUID | None = about_id
    while step is not None and step not in chain and len(chain) < DEEPEST:
        chain.append(step)
        step = await tx.scalar(select(RecordReference.parent_id).where(RecordReference.record_id == step))
    rows = await tx.execute(select(DutyTaken.person_id, DutyTaken.duty).where(DutyTaken.record_id.in_(chain)))
    return [(person, duty) for person, duty in rows]


async def attempts_of(tx: Transaction, visit_id: UUID) -> Sequence[VisitAttempt]:
    """The attempts in the order in which they were made."""
    statement = select(VisitAttempt).where(VisitAttempt.visit_id == visit_id)
    return await tx.scalars(statement.order_by(VisitAttempt.occurred_at, VisitAttempt.id))


async def findings_of(tx: Transaction, visit_id: UUID) -> Sequence[Finding]:
    """What the visit raised."""
    return await tx.scalars(
        select(Finding).where(Finding.visit_id == visit_id).order_by(Finding.created_at, Finding.id)
    )


async def figures(tx: Transaction) -> RuleSet:
    """The shares, periods and counts in force today."""
    return await in_force(tx, "sampling")


async def calendar(tx: Transaction) -> BusinessCalendar:
    days = await in_force(tx, "calendars")
    return days.parsed(BusinessCalendar.from_content)


async def registry(tx: Transaction) -> DeadlineRegistry:
    """The legal and own periods of this service, of every date."""
    return (await in_force(tx, "deadlines")).parsed(_registry)


def _registry(content: dict[str, Any], _version: str) -> DeadlineRegistry:
    return DeadlineRegistry.from_content(content)


async def sampling_key(tx: Transaction) -> bytes:
    """The secret of the draw."""
    return await tx.scalar(select(SamplingKey.key))


async def overdue(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Visits that are still to be made although their time is over, the longest overdue first."""
    late = select(ReturnVisit.id).where(
        ReturnVisit.status.in_(map(str, rules.OPEN)),
        ReturnVisit.due_at <= tx.now,
        unclaimed(OVERDUE, ReturnVisit.id, ReturnVisit.due_on),
    )
    return await tx.scalars(late.order_by(ReturnVisit.due_at, ReturnVisit.id).limit(limit))


def today(tx: Transaction) -> date:
    return legal_day(tx.now)
