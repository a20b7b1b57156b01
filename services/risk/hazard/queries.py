"""Reading hazards."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.risk.inspection.tables import Hazard
from shared.database import Transaction
from shared.pagination import Filter, Listing

HAZARDS = Listing(
    model=Hazard,
    filters={
        "status": Filter(Hazard.status),
        "class": Filter(Hazard.hazard_class),
        "policy_no": Filter(Hazard.policy_no),
        "customer_id": Filter(Hazard.customer_id, UUID),
        "inspection_id": Filter(Hazard.inspection_id, UUID),
    },
    sorts={"score": Hazard.score},
)


async def found_at(tx: Transaction, inspection_id: UUID) -> Sequence[Hazard]:
    """The hazards of one visit, the worst first."""
    statement = select(Hazard).where(Hazard.inspection_id == inspection_id)
    return await tx.scalars(statement.order_by(Hazard.score.desc(), Hazard.id))


async def of_customer(tx: Transaction, customer_id: UUID) -> Sequence[Hazard]:
    """A customer's hazards that are not closed, the worst first."""
    statement = select(Hazard).where(Hazard.customer_id == customer_id, Hazard.status != "closed")
    return await tx.scalars(statement.order_by(Hazard.score.desc(), Hazard.id))
