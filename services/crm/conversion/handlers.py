"""Converting: crm says how the new record is made by the service that owns it, whose first event closes the enquiry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.crm.conversion import rules
from services.crm.conversion.rules import Target
from services.crm.conversion.schemas import ConvertEnquiry
from services.crm.enquiry.handlers import close, for_act, keep_fact, measure, on_timeline, record
from services.crm.enquiry.queries import EnquiryFacts
from services.crm.enquiry.rules import UNANSWERED, EnquiryKind, EnquiryStatus, refuse_outside
from services.crm.enquiry.tables import Enquiry
from shared.actions import Action
from shared.actor import Actor
from shared.clock import rfc3339
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey


def check_convert(_actor: Actor, facts: EnquiryFacts) -> None:
    """Whatever is not closed may still become something else."""
    refuse_outside(facts.enquiry.state, (*UNANSWERED, EnquiryStatus.ANSWERED))


async def convert_enquiry(
    db: Database, actor: Actor, key: RequestKey, enquiry_id: UUID, version: int | None, command: ConvertEnquiry
) -> Answer:
    """Say what becomes of the enquiry; it stays open, and its promise runs, until that record is there."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, enquiry_id, version)
        enquiry = facts.enquiry
        check_convert(actor, facts)
        rules.check_target(EnquiryKind(enquiry.kind), command.to)
        enquiry.converting_to = str(command.to)
        create = {"method": "POST", "href": rules.CREATED_AT[command.to], "body": _prefilled(enquiry, command.to)}
        told = {"to": str(command.to), "create": create, "reason": command.reason}
        return await record(tx, enquiry, "convert", told, before=enquiry.status, reason=command.reason)


def _prefilled(enquiry: Enquiry, to: Target) -> dict[str, Any]:
    """What the new record's body can take over: no personal data, which whoever makes it asks for again."""
    body: dict[str, Any] = {"origin": {"kind": "enquiry", "id": str(enquiry.id)}}
    if to is Target.APPLICATION:
        body |= {"kind": "proposal", "product": enquiry.product, "customer_id": enquiry.customer_id}
    elif to is Target.CLAIM:
        body |= {"channel": enquiry.channel, "policy_no": enquiry.policy_no, "unit_code": enquiry.unit_code}
    else:
        about = {"policy_no": enquiry.policy_no, "claim_no": enquiry.claim_no, "customer_id": enquiry.customer_id}
        body |= {
            "channel": enquiry.channel, "received_at": rfc3339(enquiry.received_at), "content": enquiry.question,
            "about": {name: str(value) for name, value in about.items() if value is not None},
        }  # fmt: skip
    return {name: str(value) if isinstance(value, UUID) else value for name, value in body.items() if value is not None}


async def led_to(tx: Transaction, enquiry_id: UUID, kind: str, record_id: UUID) -> None:
    """The record that grew out of the enquiry is there: the enquiry is linked to it and ends; the first one counts."""
    enquiry = await tx.scalar(select(Enquiry).where(Enquiry.id == enquiry_id).with_for_update())
    if enquiry is None or enquiry.led_to_kind is not None:
        return
    before = enquiry.status
    enquiry.led_to_kind, enquiry.led_to_id = kind, record_id
    if enquiry.state is not EnquiryStatus.CLOSED:
        if enquiry.answered_at is None:
            enquiry.answered_in_time = tx.now <= (enquiry.promise_due_at or enquiry.untouched_at)
            await measure(tx, enquiry)
        await close(tx, enquiry, enquiry.satisfaction)
        await on_timeline(tx, enquiry, "converted", led_to=kind, led_to_id=str(record_id))
    enquiry.version += 1
    enquiry.updated_at = tx.now
    keep_fact(tx, enquiry, "close_source", {"led_to": kind, "led_to_id": str(record_id)}, before=before)


ACTIONS: tuple[Action[EnquiryFacts], ...] = (
    Action("convert", "POST", "/v1/enquiries/{id}/conversions", "crm.enquiry.convert", check_convert),
)
