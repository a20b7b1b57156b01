"""Reading findings: the list, the facts that actions are judged by, their steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select

from services.crm.finding.tables import FollowUp
from services.crm.reference.tables import ClaimReference, PolicyReference
from services.crm.visit.queries import duties_about
from services.crm.visit.tables import Finding
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.ticks import unclaimed
from shared.work_items import work_items

OVERDUE = "finding_overdue"


def _of_policy(policy_no: str) -> Any:
    policies = select(PolicyReference.policy_id).where(PolicyReference.policy_no == policy_no)
    claims = select(ClaimReference.claim_id).where(ClaimReference.policy_id.in_(policies))
    return or_(Finding.about_id.in_(policies), Finding.about_id.in_(claims))


def _of_claim(claim_no: str) -> Any:
    return Finding.about_id.in_(select(ClaimReference.claim_id).where(ClaimReference.claim_no == claim_no))


def _assigned_to(person_id: str) -> Any:
    items = work_items.c
    return exists().where(items.record_id == Finding.id, items.closed_at.is_(None), items.person_id == UUID(person_id))


FINDINGS = Listing(
    model=Finding,
    filters={
        "status": Filter(Finding.status),
        "area": Filter(Finding.area),
        "severity": Filter(Finding.severity),
        "customer_id": Filter(Finding.customer_id, UUID),
        "visit_id": Filter(Finding.visit_id, UUID),
        "about_id": Filter(Finding.about_id, UUID),
        "due_on": Filter(Finding.due_on, date, ranged=True),
        "created_at": Filter(Finding.created_at, datetime, ranged=True),
    },
    conditions={"policy_no": _of_policy, "claim_no": _of_claim, "assignee_person_id": _assigned_to},
)


@dataclass(frozen=True)
class FindingFacts:
    """What an action on a finding is judged by."""

    finding: Finding
    sellers: frozenset[UUID]


async def facts_of(tx: Transaction, finding: Finding) -> FindingFacts:
    """The facts, with who sold the contract that it is about."""
    duties = await duties_about(tx, finding.about_id)
    return FindingFacts(finding, frozenset(person for person, duty in duties if duty == "seller"))


async def steps_of(tx: Transaction, finding_id: UUID) -> Sequence[FollowUp]:
    """What was done about it, the first step first."""
    statement = select(FollowUp).where(FollowUp.finding_id == finding_id)
    return await tx.scalars(statement.order_by(FollowUp.created_at, FollowUp.id))


async def open_of_visit(tx: Transaction, visit_id: UUID) -> Sequence[Finding]:
    """Findings of a visit that nobody has fixed."""
    return await tx.scalars(select(Finding).where(Finding.visit_id == visit_id, Finding.status == "open"))


async def open_about(tx: Transaction, about_id: UUID, area: str) -> Sequence[Finding]:
    """Open findings of one area about one record, locked."""
    statement = select(Finding).where(Finding.about_id == about_id, Finding.area == area, Finding.status == "open")
    return await tx.scalars(statement.order_by(Finding.id).with_for_update())


async def overdue(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Open findings whose day is over, the longest overdue first."""
    late = select(Finding.id).where(
        Finding.status == "open",
        Finding.due_on < legal_day(tx.now),
        unclaimed(OVERDUE, Finding.id, Finding.due_on),
    )
    return await tx.scalars(late.order_by(Finding.due_on, Finding.id).limit(limit))
