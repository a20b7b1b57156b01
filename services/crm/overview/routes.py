"""A customer at a glance, over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.customer import queries as customers
from services.crm.customer import shapes as customer_shapes
from services.crm.customer.tables import Customer
from services.crm.overview import queries
from services.crm.overview.schemas import OverviewOut
from services.crm.timeline import shapes
from shared.clock import legal_day
from shared.routing import Reads, Room, shown

room = Room(tags=["customers"])


@room.reads("/v1/customers/{customer_id}/overview", OverviewOut, may="crm.customer.read")
async def read_customer_overview(customer_id: UUID, call: Reads) -> Response:
    """When we last spoke, what is open, and what there is between us."""
    async with call.db.transaction(call.actor) as tx:
        customer = await tx.find(Customer, customer_id)
        contacts = await shapes.entries(tx, await queries.last_contacts(tx, customer.id))
        said = customer_shapes.holding(await customers.consents_of(tx, customer.id), legal_day(tx.now))
        out = OverviewOut(
            customer_id=customer.id, last_contact_at=contacts[0].occurred_at if contacts else None,
            last_contacts=contacts, open_work=await queries.open_work(tx, customer.id),
            complaints_open=await customers.complaints_open(tx, customer.id),
            value=await queries.value(tx, customer.id), do_not_contact=customer_shapes.left_alone(said),
        )  # fmt: skip
        return shown(out)
