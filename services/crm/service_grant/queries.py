"""Reading granted services: the list, the quota used, the cost booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text

from services.crm.key_account.queries import figures
from services.crm.service_grant.tables import ServiceGrant
from services.crm.service_item.queries import bar
from services.crm.service_item.tables import ServiceItem
from shared.database import Transaction
from shared.pagination import Filter, Listing

GRANTS = Listing(
    model=ServiceGrant,
    filters={
        "status": Filter(ServiceGrant.status),
        "item_id": Filter(ServiceGrant.item_id, UUID),
        "customer_id": Filter(ServiceGrant.customer_id, UUID),
        "year": Filter(ServiceGrant.year, int),
        "tier": Filter(ServiceGrant.tier),
        "planned_on": Filter(ServiceGrant.planned_on, date, ranged=True),
    },
    sorts={"planned_on": ServiceGrant.planned_on},
)
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('crm.budget.' || cast(:customer_id as text), 0))")


@dataclass(frozen=True)
class GrantFacts:
    """What an act on a granted service is judged by."""

    grant: ServiceGrant


async def hold(tx: Transaction, customer_id: UUID) -> None:
    """Wait until nobody else is giving this customer something: quota and budget are counted one after the other."""
    await tx.execute(_LOCK, {"customer_id": str(customer_id)})


async def used(tx: Transaction, item_id: UUID, customer_id: UUID, year: int) -> int:
    """How much of an item the customer was granted in the year."""
    mine = select(func.coalesce(func.sum(ServiceGrant.quantity), 0)).where(
        ServiceGrant.item_id == item_id, ServiceGrant.customer_id == customer_id, ServiceGrant.year == year
    )
    return int(await tx.scalar(mine))


async def booked(tx: Transaction, customer_id: UUID, year: int, *, without: UUID | None = None) -> Decimal:
    """The cost of the year: what was spent, and what is planned where it was not carried out yet."""
    cost = func.coalesce(ServiceGrant.cost, ServiceGrant.planned_cost)
    mine = select(func.coalesce(func.sum(cost), Decimal(0))).where(
        ServiceGrant.customer_id == customer_id, ServiceGrant.year == year
    )
    if without is not None:
        mine = mine.where(ServiceGrant.id != without)
    return Decimal(await tx.scalar(mine))


async def at_most(tx: Transaction, customer_id: UUID) -> Decimal:
    """What the services of a year may cost for this customer."""
    return (await bar(tx)).most_for((await figures(tx, customer_id)).annual_premium).quantize(Decimal("0.01"))


async def items_of(tx: Transaction, grants: Sequence[ServiceGrant]) -> dict[UUID, ServiceItem]:
    """The items of the catalogue; whoever sees the grant may know what it is."""
    scope = tx.scope
    await tx.use_scope("00")
    wanted = select(ServiceItem).where(ServiceItem.id.in_([one.item_id for one in grants]))
    found = {one.id: one for one in await tx.scalars(wanted)}
    await tx.use_scope(scope)
    return found
