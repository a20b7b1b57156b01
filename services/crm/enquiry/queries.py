"""Reading enquiries: the list, the facts that acts are judged by, the figures and hours that hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select

from services.crm.desk.queries import hours_of
from services.crm.enquiry import rules
from services.crm.enquiry.tables import Enquiry, EnquiryFact
from shared.calendar import BusinessCalendar
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force
from shared.work_items import work_items


def _assigned_to(person_id: str) -> Any:
    items, person = work_items.c, UUID(person_id)
    mine = exists().where(items.record_id == Enquiry.id, items.closed_at.is_(None), items.person_id == person)
    return or_(mine, Enquiry.handler_id == person)


def _due_before(value: str) -> Any:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return (Enquiry.promise_due_at < moment) & Enquiry.status.in_(map(str, rules.ON_A_PROMISE))


ENQUIRIES = Listing(
    model=Enquiry,
    filters={
        "status": Filter(Enquiry.status),
        "kind": Filter(Enquiry.kind),
        "channel": Filter(Enquiry.channel),
        "customer_id": Filter(Enquiry.customer_id, UUID),
        "policy_no": Filter(Enquiry.policy_no),
        "claim_no": Filter(Enquiry.claim_no),
        "product": Filter(Enquiry.product),
        "owner_person_id": Filter(Enquiry.owner_id, UUID),
        "satisfaction": Filter(Enquiry.satisfaction),
        "received_at": Filter(Enquiry.received_at, datetime, ranged=True),
    },
    conditions={"assignee_person_id": _assigned_to, "due_before": _due_before},
    search=(Enquiry.enquiry_no,),
    sorts={"received_at": Enquiry.received_at},
)


@dataclass(frozen=True)
class EnquiryFacts:
    """What an act on an enquiry is judged by, read once."""

    enquiry: Enquiry
    figures: rules.Figures
    now: datetime


async def figures(tx: Transaction) -> rules.Figures:
    """The figures in force today."""
    return (await in_force(tx, "enquiries")).parsed(rules.read_figures)


async def facts_of(tx: Transaction, enquiry: Enquiry) -> EnquiryFacts:
    return EnquiryFacts(enquiry, await figures(tx), tx.now)


async def hours(tx: Transaction, unit_code: str) -> rules.Hours:
    """When this unit works."""
    calendar = (await in_force(tx, "calendars")).parsed(BusinessCalendar.from_content)
    return rules.Hours(calendar, await hours_of(tx, unit_code))


async def facts_told(tx: Transaction, enquiry_id: UUID) -> Sequence[EnquiryFact]:
    """What was done about it, the first thing first."""
    statement = select(EnquiryFact).where(EnquiryFact.enquiry_id == enquiry_id)
    return await tx.scalars(statement.order_by(EnquiryFact.created_at, EnquiryFact.id))
