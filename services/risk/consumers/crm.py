"""Customers that turn out to be one, key accounts, and findings of return visits about our work."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from services.risk.assessment.tables import RiskAssessment
from services.risk.correction.handlers import hear_finding
from services.risk.correction.rules import concerns_us
from services.risk.exposure.queries import kept_customer
from services.risk.exposure.tables import ClaimSeen, CustomerMerged, PolicySeen, Site
from services.risk.inspection.tables import Hazard, Inspection, InspectionPlan
from services.risk.key_risk.handlers import merged_away
from services.risk.key_risk.tables import ContactLog, KeyAccount
from services.risk.prevention.tables import PreventionPlan
from services.risk.rectification.tables import RectificationNotice
from shared.database import Transaction
from shared.events import Consumer, Received, consumes

OF_A_CUSTOMER = (
    PolicySeen, ClaimSeen, Site, InspectionPlan, Inspection, Hazard, PreventionPlan, RiskAssessment,
    RectificationNotice, ContactLog,
)  # fmt: skip


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


class KeyAccountTold(BaseModel):
    customer_id: UUID
    tier: str | None = None
    manager_id: UUID | None = None


class FindingTold(BaseModel):
    finding_id: UUID
    area: str
    about_kind: str
    about: UUID
    severity: str


@consumes("crm.key_account.changed.v1")
async def key_account_changed(tx: Transaction, event: Received[KeyAccountTold]) -> None:
    """A mark that puts the customer's work first; no tier: it is a key account no longer."""
    row = event.data.model_dump() | {"record_version": event.record_version}
    row["customer_id"] = await kept_customer(tx, event.data.customer_id)
    statement = insert(KeyAccount).values(**row)
    newer = KeyAccount.record_version < statement.excluded.record_version
    await tx.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=row, where=newer))


@consumes("crm.finding.raised.v1")
async def finding_raised(tx: Transaction, event: Received[FindingTold]) -> None:
    """What a customer said against our prevention work is put right; anything else is others' to follow up."""
    told = event.data
    if concerns_us(told.area) and told.about_kind == "policy":
        await hear_finding(tx, told.finding_id, told.about_kind, told.about, told.severity, event.time)


CONSUMERS: tuple[Consumer, ...] = (customer_merged, key_account_changed, finding_raised)
