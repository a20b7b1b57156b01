"""Customers that turn out to be one."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from services.risk.assessment.tables import RiskAssessment
from services.risk.exposure.queries import kept_customer
from services.risk.exposure.tables import ClaimSeen, CustomerMerged, PolicySeen, Site
from services.risk.inspection.tables import Hazard, Inspection, InspectionPlan
from services.risk.key_risk.handlers import merged_away
from services.risk.prevention.tables import PreventionPlan
from shared.database import Transaction
from shared.events import Consumer, Received, consumes

OF_A_CUSTOMER = (PolicySeen, ClaimSeen, Site, InspectionPlan, Inspection, Hazard, PreventionPlan, RiskAssessment)


class CustomersMerged(BaseModel):
    kept_id: UUID
    merged_id: UUID


@consumes("crm.customer.merged.v1")
async def customer_merged(tx: Transaction, event: Received[CustomersMerged]) -> None:
    """References follow to the record that was kept, also those that come later; two files of one customer become
    one."""
    merged = event.data.merged_id
    row = {"merged_id": merged, "kept_id": event.data.kept_id}
    await tx.execute(insert(CustomerMerged).values(**row).on_conflict_do_nothing())
    kept = await kept_customer(tx, merged)
    if kept == merged:
        return
    for table in OF_A_CUSTOMER:
        await tx.execute(update(table).where(table.customer_id == merged).values(customer_id=kept))
    await merged_away(tx, merged, kept)


CONSUMERS: tuple[Consumer, ...] = (customer_merged,)
