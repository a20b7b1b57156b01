"""How an enquiry is shown: the asker masked, the promise with its pauses, the acts judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.crm.enquiry import queries
from services.crm.enquiry.schemas import EnquiryFactOut, EnquiryItem, EnquiryOut, RecordState
from services.crm.enquiry.tables import Enquiry, EnquiryFact
from shared.actions import Action, judged
from shared.clock import rfc3339
from shared.database import Transaction
from shared.masking import masked_email, masked_name, masked_phone

MASKS: Mapping[str, Callable[[str], str]] = {"name": masked_name, "phone": masked_phone, "email": masked_email}


def promise(enquiry: Enquiry) -> dict[str, Any] | None:
    """The promise as it stands; `overdue` is not stated: a clock that is read ages."""
    if enquiry.promise_due_at is None or enquiry.promised_at is None:
        return None
    return {
        "made_at": rfc3339(enquiry.promised_at), "due_at": rfc3339(enquiry.promise_due_at),
        "complex": enquiry.complex, "extensions": enquiry.extensions, "provisional": enquiry.promise_provisional,
    }  # fmt: skip


def _led_to(enquiry: Enquiry) -> dict[str, str] | None:
    if enquiry.led_to_kind is None:
        return None
    return {"kind": enquiry.led_to_kind, "id": str(enquiry.led_to_id)}


_PLAIN = (
    "id", "version", "org_path", "created_at", "updated_at", "enquiry_no", "status", "kind", "channel", "unit_code",
    "customer_id", "policy_no", "claim_no", "product", "received_at", "transfer_count", "paused", "escalated_to",
    "answered_at", "answered_in_time", "closed_at", "satisfaction",
)  # fmt: skip


def item(enquiry: Enquiry) -> EnquiryItem:
    """The enquiry in a list."""
    return EnquiryItem(
        **{name: getattr(enquiry, name) for name in _PLAIN}, promise=promise(enquiry), led_to=_led_to(enquiry),
        owner={"person_id": str(enquiry.owner_id), "staff_no": enquiry.owner_staff_no},
        handler_person_id=enquiry.handler_id,
    )  # fmt: skip


def state(enquiry: Enquiry) -> RecordState:
    return RecordState(id=enquiry.id, version=enquiry.version, status=enquiry.status)


def fact(row: EnquiryFact, enquiry: Enquiry, staff_no: str) -> EnquiryFactOut:
    """The answer to one act."""
    return EnquiryFactOut(
        id=row.id, created_at=row.created_at, kind=row.kind, occurred_at=row.occurred_at, told=row.told,
        person={"person_id": str(row.person_id), "staff_no": staff_no}, enquiry=state(enquiry),
    )  # fmt: skip


def _done(row: EnquiryFact) -> dict[str, Any]:
    person = {"person_id": str(row.person_id)} | ({"staff_no": row.staff_no} if row.staff_no else {})
    return {"kind": row.kind, "occurred_at": rfc3339(row.occurred_at), "person": person, "told": row.told}


def _asker(enquiry: Enquiry) -> dict[str, str]:
    return {name: MASKS[name](value) if name in MASKS else value for name, value in enquiry.asker.items()}


def _span(one: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in one.items() if value}


async def alone(
    tx: Transaction, enquiry: Enquiry, actions: tuple[Action[queries.EnquiryFacts], ...], language: str
) -> EnquiryOut:
    """The enquiry read singly."""
    facts = await queries.facts_of(tx, enquiry)
    return EnquiryOut(
        **item(enquiry).model_dump(), question=enquiry.question, asker=_asker(enquiry),
        pauses=[_span(one) for one in enquiry.pauses], converting_to=enquiry.converting_to,
        facts=[_done(row) for row in await queries.facts_told(tx, enquiry.id)],
        masked=[f"asker.{name}" for name in MASKS if name in enquiry.asker],
        available_actions=judged(actions, tx.actor, facts, enquiry.id, language),
    )  # fmt: skip


async def plain_values(_tx: Transaction, enquiry: Enquiry) -> dict[str, str | None]:
    """What a reveal of an enquiry can show."""
    return {f"asker.{name}": enquiry.asker.get(name) for name in MASKS}
