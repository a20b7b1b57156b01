"""Queue a copy, make it in the worker, hand it out to whoever asked, remove it when its time is over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from services.crm.customer import rules
from services.crm.customer.queries import CustomerFacts, facts_of
from services.crm.customer.tables import Customer
from services.crm.data_copy import queries
from services.crm.data_copy.schemas import CopyCustomer
from services.crm.data_copy.tables import CustomerCopy
from shared.actions import Action
from shared.actor import Actor, machine
from shared.audit import Entry
from shared.database import Database, Transaction
from shared.errors import NotFound
from shared.idempotency import Answer
from shared.ids import uuid7
from shared.jobs import enqueue
from shared.ticks import Tick

COPY = "customer_copy"
KEPT = timedelta(days=7)


def check_copy(_actor: Actor, facts: CustomerFacts) -> None:
    """Whether there is a record to be copied: the one that was kept. A frozen one is copied too: to look at one's own
    data is a right of its own (PIPL art. 45).
    """
    rules.refuse_merged(facts.customer.merged_into)


async def request_copy(tx: Transaction, customer_id: UUID, command: CopyCustomer) -> Answer:
    """Queue the copy; the job's result names it."""
    customer = await tx.find(Customer, customer_id)
    check_copy(tx.actor, await facts_of(tx, customer))
    _note(tx, "request_copy", customer, command.purpose, {})
    return await enqueue(tx, COPY, [{"customer_id": str(customer.id), "purpose": command.purpose}], {})


async def make_copy(tx: Transaction, document: dict[str, Any], _payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The worker's part: `{customer_id, purpose}` in, `{copy_id, href, sha256}` out; nothing personal in the result."""
    customer = await tx.find(Customer, UUID(document["customer_id"]))
    told = await queries.document_of(tx, customer)
    content = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode()
    digest = hashlib.sha256(content).digest()
    row = CustomerCopy(
        id=uuid7(), created_at=tx.now, customer_id=customer.id, org_path=customer.org_path,
        person_id=tx.actor.person_id, purpose=document["purpose"], content=content, sha256=digest,
        expires_at=tx.now + KEPT,
    )  # fmt: skip
    tx.add(row)
    _note(tx, "make_copy", customer, document["purpose"], {"copy_id": str(row.id), "sha256": digest.hex()})
    return {"copy_id": str(row.id), "href": f"/v1/customers/{customer.id}/copies/{row.id}", "sha256": digest.hex()}


async def take_copy(tx: Transaction, customer_id: UUID, copy_id: UUID) -> bytes:
    """The copy, for whoever asked for it alone; each time is an audit entry. Raises `NotFound`."""
    customer = await tx.find(Customer, customer_id)
    row = await tx.session.get(CustomerCopy, copy_id, options=[undefer(CustomerCopy.content)])
    own = row is not None and row.customer_id == customer.id and row.person_id == tx.actor.person_id
    if row is None or not own or row.content is None or row.expires_at <= tx.now:
        raise NotFound()
    _note(tx, "take_copy", customer, row.purpose, {"copy_id": str(row.id), "sha256": row.sha256.hex()})
    return row.content


def _note(tx: Transaction, action: str, customer: Customer, purpose: str, after: Mapping[str, Any]) -> None:
    entry = Entry(
        action=action, object_type="customer", object_id=customer.id, org_path=customer.org_path, after=after,
        reason=purpose,
    )  # fmt: skip
    tx.note_act(entry)


async def _erase(database: Database, limit: int) -> int:
    over = select(CustomerCopy.id).where(CustomerCopy.content.is_not(None)).order_by(CustomerCopy.expires_at)
    async with database.transaction(machine(database.service)) as tx:
        old = over.where(CustomerCopy.expires_at <= tx.now).limit(limit)
        return (await tx.execute(update(CustomerCopy).where(CustomerCopy.id.in_(old)).values(content=None))).rowcount


TICKS = (Tick("customer_copies_over", timedelta(minutes=10), _erase),)

ACTIONS: tuple[Action[CustomerFacts], ...] = (
    Action("copy", "POST", "/v1/customers/{id}/copies", "crm.customer.copy", check_copy),
)
