"""The frame of a survey: which contacts of which customers it includes, and why somebody of it is not asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, cast, literal, null, or_, select, union_all

from services.crm.customer.queries import complaints_open, reason_not_to_contact
from services.crm.customer.tables import Customer
from services.crm.invitation.rules import Contact
from services.crm.reference.tables import ClaimReference, ComplaintReference, PolicyReference, RecordReference
from services.crm.survey.rules import TouchPoint
from services.crm.survey.tables import Survey
from shared import directory
from shared.clock import at_midnight
from shared.database import Transaction, path_range


async def contacts_of(tx: Transaction, survey: Survey) -> list[Contact]:
    """Every contact that the frame of the survey includes."""
    frame = survey.frame
    from_on, to_on = date.fromisoformat(frame["from_on"]), date.fromisoformat(frame["to_on"])
    parts = [_PARTS[TouchPoint(one)](from_on, to_on) for one in frame["touch_points"]]
    found = union_all(*parts).subquery()
    paths = list((await directory.paths_of(tx, frame["unit_codes"])).values()) or [survey.org_path]
    meant = [
        RecordReference.record_id == found.c.about_id,
        Customer.id == RecordReference.customer_id,
        Customer.known,
        Customer.merged_into.is_(None),
        or_(*(path_range(Customer.org_path, path) for path in paths)),
    ]
    if frame["products"]:
        meant.append(found.c.product.in_(frame["products"]))
    asked = select(found.c.about_id, Customer.id, found.c.touch_point, found.c.product, Customer.org_path)
    return [Contact(*row) for row in await tx.execute(asked.where(and_(*meant)))]


def _underwriting(from_on: date, to_on: date) -> Any:
    named = literal(str(TouchPoint.UNDERWRITING)).label("touch_point")
    contact = select(PolicyReference.policy_id.label("about_id"), named, PolicyReference.product.label("product"))
    return contact.where(PolicyReference.issued_on.between(from_on, to_on))


def _between(moment: Any, from_on: date, to_on: date) -> Any:
    return and_(moment >= at_midnight(from_on), moment < at_midnight(to_on + timedelta(days=1)))


def _claim(from_on: date, to_on: date) -> Any:
    named = literal(str(TouchPoint.CLAIM)).label("touch_point")
    contact = select(ClaimReference.claim_id.label("about_id"), named, PolicyReference.product.label("product"))
    policy = PolicyReference.policy_id == ClaimReference.policy_id
    return contact.outerjoin(PolicyReference, policy).where(
        _between(ClaimReference.settled_at, from_on, to_on), ClaimReference.cancelled.is_(False)
    )


def _complaint(from_on: date, to_on: date) -> Any:
    named = literal(str(TouchPoint.COMPLAINT)).label("touch_point")
    nothing = cast(null(), String).label("product")
    contact = select(ComplaintReference.complaint_id.label("about_id"), named, nothing)
    return contact.where(
        _between(ComplaintReference.notified_at, from_on, to_on), ComplaintReference.withdrawn.is_(False)
    )


_PARTS = {
    TouchPoint.UNDERWRITING: _underwriting, TouchPoint.CLAIM: _claim, TouchPoint.COMPLAINT: _complaint,
}  # fmt: skip


async def customers_among(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Customer]:
    rows = await tx.scalars(select(Customer).where(Customer.id.in_(ids)))
    return {one.id: one for one in rows}


async def reason_to_leave_out(tx: Transaction, customer: Customer, channel: str) -> str | None:
    """Why somebody who was drawn is not asked all the same: an open complaint, his own wish, no address."""
    if not (customer.email if channel == "email" else customer.phone):
        return "no_address"
    if await complaints_open(tx, customer.id):
        return "complaint_open"
    return await reason_not_to_contact(tx, customer, "survey", channel)
