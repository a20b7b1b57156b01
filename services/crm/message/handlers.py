"""Tell a customer something, by a machine or by hand, and report what was told by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select

from services.crm import events
from services.crm.customer.tables import Customer
from services.crm.figure.handlers import tell_fact
from services.crm.message import queries, rules
from services.crm.message.schemas import MessageReportOut, ReportMessage
from services.crm.timeline.handlers import Fact, learn
from shared import audit
from shared.actor import Actor
from shared.database import Database, Record, Transaction
from shared.errors import Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.notices import BY_HAND, notices, send_notice, set_state
from shared.work_items import close_items, open_item


@dataclass(frozen=True)
class Told:
    """A notice, as far as a work item about it needs one."""

    id: UUID
    org_path: str
    record_type: ClassVar[str] = "notice"
    version: ClassVar[int] = 0


async def tell_customer(tx: Transaction, about: Record, customer_id: UUID, kind: str, facts: Mapping[str, Any]) -> UUID:
    """Tell the customer of a record by the channel that he prefers; its notice. By telephone and by letter somebody of
    his unit has to, and is asked to.
    """
    customer: Customer = await tx.scalar(select(Customer).where(Customer.id == customer_id))
    channel = rules.channel_for(
        customer.preferred_channel, phone=bool(customer.phone), email=bool(customer.email),
        address=bool(customer.address),
    )  # fmt: skip
    address = {"email": customer.email, "letter": customer.address}.get(channel, customer.phone)
    notice_id = await send_notice(tx, events.NoticeSent, about, kind, channel=channel, address=address, facts=facts)
    await learn(tx, about.id, about.record_type, customer.org_path, customer_id=customer.id)
    fact = Fact(
        event_id=uuid7(), kind="crm.notice.sent", occurred_at=tx.now, about_kind=about.record_type, about_id=about.id,
        record_version=0, path=customer.org_path,
        summary={"notice_id": str(notice_id), "channel": channel, "kind": kind},
    )  # fmt: skip
    await tell_fact(tx, fact, customer)
    state = await tx.scalar(select(notices.c.state).where(notices.c.id == notice_id))
    if channel in BY_HAND and state == "queued":
        await _ask_to_tell(tx, Told(notice_id, about.org_path), customer, channel)
    return notice_id


async def _ask_to_tell(tx: Transaction, told: Any, customer: Customer, channel: str) -> None:
    title = {
        "phone": Text("电话告知客户", "Call the customer"),
        "letter": Text("寄送客户信函", "Write to the customer"),
    }
    await open_item(
        tx, f"tell_by_{channel}", told, title[channel], number=None, unit_code=customer.unit_code,
        position="service_agent", href=f"/v1/messages/{told.id}/reports",
    )  # fmt: skip


async def report(db: Database, actor: Actor, key: RequestKey, notice_id: UUID, command: ReportMessage) -> Answer:
    """Say that the customer was told, or could not be."""
    async with db.transaction(actor, key) as tx:
        row = await queries.own(tx, notice_id)
        rules.may_report(row["state"], row["channel"] in BY_HAND)
        await set_state(tx, events.NoticeSent, notice_id, command.state, command.reason)
        await close_items(tx, notice_id)
        entry = audit.Entry(
            action="report_notice", object_type=row["record_type"], object_id=row["record_id"],
            org_path=row["org_path"], before={"state": row["state"]},
            after={"notice": str(notice_id), "state": command.state}, reason=command.reason,
        )  # fmt: skip
        tx.note_act(entry)
        out = MessageReportOut(id=uuid7(), created_at=tx.now, notice_id=notice_id, state=command.state)
        return tx.answer(out, location=f"/v1/messages/{notice_id}")
