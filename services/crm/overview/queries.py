"""What stands behind a customer's glance; every statement begins at the customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Date, and_, func, literal, or_, select, union_all

from services.crm.overview.schemas import OpenWork, ValueOut
from services.crm.reference.tables import Base, ClaimReference, PolicyReference, RecordReference
from services.crm.timeline.queries import entries_of
from services.crm.timeline.tables import TimelineEntry
from shared.clock import legal_day
from shared.database import Transaction
from shared.money import yuan
from shared.work_items import work_items

CONTACTS = (
    "claims.claim.reported", "complaints.complaint.registered", "complaints.complaint.notified",
    "policy.application.opened", "policy.document.delivered", "policy.notice.sent", "claims.notice.sent",
    "risk.notice.sent", "complaints.notice.sent", "crm.notice.sent", "crm.return_visit.completed",
    "crm.enquiry.received", "crm.enquiry.answered", "crm.key_account.visited", "crm.service.confirmed",
)  # fmt: skip
"""Kinds of news in which the customer spoke to us, or we to him."""
_SHOWN = 5


async def last_contacts(tx: Transaction, customer_id: UUID) -> Sequence[TimelineEntry]:
    """The newest first."""
    newest = entries_of(customer_id).where(TimelineEntry.kind.in_(CONTACTS))
    return await tx.scalars(newest.order_by(TimelineEntry.occurred_at.desc(), TimelineEntry.id.desc()).limit(_SHOWN))


async def open_work(tx: Transaction, customer_id: UUID) -> list[OpenWork]:
    """Open work items about the customer, his records here and those of other services; what is hidden is not counted
    because the record it is about is not read.
    """
    own = [
        select(table.c.id)
        for table in Base.metadata.sorted_tables
        if {"id", "customer_id", "status"} <= set(table.c.keys())
    ]
    mine = union_all(
        *(one.where(one.selected_columns[0].table.c.customer_id == customer_id) for one in own),
        select(RecordReference.record_id).where(
            RecordReference.customer_id == customer_id, RecordReference.kind.in_(("policy", "inspection", "hazard"))
        ),
        select(literal(customer_id)),
    ).subquery()
    items = work_items.c
    counted = (
        select(items.kind, func.count().label("count"), func.min(items.due_at).label("due_at"))
        .where(items.closed_at.is_(None), items.record_id.in_(select(mine.c[0])))
        .group_by(items.kind)
        .order_by(items.kind)
    )
    return [OpenWork(kind=row.kind, count=row.count, due_at=row.due_at) for row in await tx.execute(counted)]


async def value(tx: Transaction, customer_id: UUID) -> ValueOut:
    """Policies and claims of the customer as the newest news states them."""
    today = legal_day(tx.now)
    of = select(RecordReference.record_id).where(RecordReference.customer_id == customer_id)
    ends = func.least(PolicyReference.ends_on, func.coalesce(PolicyReference.cancelled_on, PolicyReference.ends_on))
    runs = and_(PolicyReference.issued_on <= today, ends > literal(today, Date))
    premium = func.coalesce(PolicyReference.premium, 0)
    policies = select(
        func.count().label("all"), func.count().filter(runs).label("running"),
        func.coalesce(func.sum(premium).filter(runs), 0).label("in_force"),
        func.coalesce(func.sum(premium), 0).label("total"),
    ).where(PolicyReference.policy_id.in_(of.where(RecordReference.kind == "policy")))  # fmt: skip
    standing = ClaimReference.settled_version > ClaimReference.reopened_version
    claims = select(
        func.count().label("all"), func.count().filter(or_(~standing)).label("open"),
        func.coalesce(func.sum(ClaimReference.paid_amount).filter(standing), 0).label("paid"),
    ).where(
        ClaimReference.claim_id.in_(of.where(RecordReference.kind == "claim")), ClaimReference.cancelled.is_(False)
    )  # fmt: skip
    held, told = (await tx.execute(policies)).one(), (await tx.execute(claims)).one()
    return ValueOut(
        policies=held.all, policies_in_force=held.running, premium_in_force=yuan(held.in_force),
        premium_total=yuan(held.total), claims=told.all, claims_open=told.open, claims_paid=yuan(told.paid),
        loss_ratio=f"{told.paid / held.total:.4f}" if held.total else None,
    )  # fmt: skip
