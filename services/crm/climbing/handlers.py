"""The ticks of enquiries, each step once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.crm.enquiry import queries, rules
from services.crm.enquiry.handlers import ESCALATED, UNTOUCHED, close, keep_fact, unit_above
from services.crm.enquiry.rules import EnquiryStatus
from services.crm.enquiry.tables import Enquiry
from services.crm.visit.handlers import department_over
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import Text
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item

_CLIMB, _SILENT = "enquiry_escalated", "enquiry_untouched"


def _running() -> list[str]:
    return [str(one) for one in rules.ON_A_PROMISE]


async def _broken(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Enquiries whose promise, or whose next step, is over; nobody is waited for."""
    statement = select(Enquiry.id).where(
        Enquiry.status.in_(_running()), Enquiry.paused.is_(False), Enquiry.escalate_at <= tx.now
    )
    return await tx.scalars(statement.order_by(Enquiry.escalate_at, Enquiry.id).limit(limit))


async def _climb(tx: Transaction, enquiry_id: UUID) -> None:
    """The department head of the next unit above is asked; from head office upwards there is nobody."""
    found = select(Enquiry).where(Enquiry.id == enquiry_id, Enquiry.status.in_(_running()))
    enquiry = await tx.scalar(found.with_for_update())
    if enquiry is None or enquiry.paused or enquiry.escalate_at is None or enquiry.escalate_at > tx.now:
        return
    step = enquiry.escalation_step + 1
    unit = await unit_above(tx, enquiry.org_path, step)
    if unit is None or not await claim(tx, _CLIMB, enquiry.id, legal_day(enquiry.escalate_at), str(step)):
        enquiry.escalate_at = None
        return
    before = enquiry.status
    if enquiry.state is EnquiryStatus.PENDING:
        enquiry.advance(EnquiryStatus.ESCALATED)
    figures, hours = await queries.figures(tx), await queries.hours(tx, enquiry.unit_code)
    enquiry.escalation_step, enquiry.escalated_to = step, unit.code
    further = await unit_above(tx, enquiry.org_path, step + 1)
    enquiry.escalate_at = None if further is None else hours.after(tx.now, figures.step_days)
    enquiry.version += 1
    enquiry.updated_at = tx.now
    await close_items(tx, enquiry.id, ESCALATED, UNTOUCHED)
    await open_item(
        tx, ESCALATED, enquiry, Text("承诺的答复已超时，请督办", "A promised answer is overdue: see to it"),
        number=enquiry.enquiry_no, unit_code=unit.code, position="department_head", due_at=enquiry.promise_due_at,
        basis=figures.basis, href=f"/v1/enquiries/{enquiry.id}", method="GET", priority="high",
    )  # fmt: skip
    keep_fact(tx, enquiry, "escalate", {"escalated_to": unit.code, "step": step}, before=before)


async def _silent(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Enquiries to which nobody has said anything for too long."""
    statement = select(Enquiry.id).where(
        Enquiry.status == str(EnquiryStatus.RECEIVED), Enquiry.untouched_at <= tx.now,
        Enquiry.escalated_to.is_(None),
    )  # fmt: skip
    return await tx.scalars(statement.order_by(Enquiry.untouched_at, Enquiry.id).limit(limit))


async def _tell_silence(tx: Transaction, enquiry_id: UUID) -> None:
    """It is neither answered nor promised: the department above the unit is told, once. Only people promise."""
    found = select(Enquiry).where(Enquiry.id == enquiry_id, Enquiry.status == str(EnquiryStatus.RECEIVED))
    enquiry = await tx.scalar(found.with_for_update())
    if enquiry is None or enquiry.escalated_to is not None:
        return
    if not await claim(tx, _SILENT, enquiry.id, legal_day(enquiry.untouched_at)):
        return
    above = await department_over(tx, enquiry.org_path)
    enquiry.escalated_to = above
    await open_item(
        tx, UNTOUCHED, enquiry, Text("咨询无人答复也未承诺", "An enquiry is neither answered nor promised"),
        number=enquiry.enquiry_no, unit_code=above, position="department_head", due_at=enquiry.untouched_at,
        href=f"/v1/enquiries/{enquiry.id}", method="GET", priority="high",
    )  # fmt: skip
    keep_fact(tx, enquiry, "tell_silence", {"told_to": above}, before=enquiry.status)


async def _to_close(tx: Transaction, limit: int) -> Sequence[UUID]:
    statement = select(Enquiry.id).where(Enquiry.status == str(EnquiryStatus.ANSWERED), Enquiry.close_at <= tx.now)
    return await tx.scalars(statement.order_by(Enquiry.close_at, Enquiry.id).limit(limit))


async def _close(tx: Transaction, enquiry_id: UUID) -> None:
    """The customer was answered and asked, and says no more."""
    found = select(Enquiry).where(Enquiry.id == enquiry_id, Enquiry.status == str(EnquiryStatus.ANSWERED))
    enquiry = await tx.scalar(found.with_for_update())
    if enquiry is None or enquiry.close_at is None or enquiry.close_at > tx.now:
        return
    before = enquiry.status
    await close(tx, enquiry, "no_reply")
    enquiry.version += 1
    enquiry.updated_at = tx.now
    keep_fact(tx, enquiry, "close", {"satisfaction": "no_reply"}, before=before)


TICKS = (
    Tick(_CLIMB, timedelta(seconds=30), one_by_one(_broken, _climb)),
    Tick(_SILENT, timedelta(minutes=1), one_by_one(_silent, _tell_silence)),
    Tick("enquiry_closed", timedelta(minutes=5), one_by_one(_to_close, _close)),
)
