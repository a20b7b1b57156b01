"""Consents over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.consent import handlers
from services.crm.consent.schemas import ConsentFactOut, StateConsent
from services.crm.customer import queries, shapes
from services.crm.customer.schemas import ConsentOut
from services.crm.customer.tables import Customer
from shared.pagination import Page
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["customers"])


@room.posts("/v1/customers/{customer_id}/consents", ConsentFactOut, may="crm.customer.consent")
async def state_customer_consent(customer_id: UUID, command: StateConsent, call: Changes) -> Response:
    """Write down what the customer agrees to or objects to."""
    return sent(await handlers.state_consent(call.db, call.actor, call.key, customer_id, call.version, command))


@room.reads("/v1/customers/{customer_id}/consents", Page[ConsentOut], may="crm.customer.read")
async def list_customer_consents(customer_id: UUID, call: Reads) -> Response:
    """Everything the customer ever stated, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        customer = await tx.find(Customer, customer_id)
        rows = await queries.consents_of(tx, customer.id)
        return shown(Page[ConsentOut](items=[shapes.consent(row) for row in reversed(rows)]))
