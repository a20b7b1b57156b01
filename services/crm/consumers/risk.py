"""Loss prevention: inspections, assessments, hazards and key risks, with tasks for the account manager."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.crm.consumers.effects import ask_manager, fact_of, tell
from services.crm.timeline.handlers import end_record, has_ended, learn
from shared.clock import at_midnight
from shared.database import Transaction
from shared.errors import Text
from shared.events import Received, consumes
from shared.money import Money
from shared.work_items import close_items


class InspectionDue(BaseModel):
    inspection_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    due_on: date
    stage: str


class InspectionCompleted(BaseModel):
    inspection_id: UUID
    application_id: UUID | None = None
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    risk_level: str
    probable_maximum_loss: Money | None = None


class AssessmentSigned(BaseModel):
    assessment_id: UUID
    customer_id: UUID
    application_id: UUID | None = None
    level: str


class HazardTold(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    hazard_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    hazard_class: str = Field(alias="class")
    due_on: date | None = None


class KeyRiskTold(BaseModel):
    customer_id: UUID


@consumes("risk.inspection.due.v1")
async def inspection_due(tx: Transaction, event: Received[InspectionDue]) -> None:
    """The account manager is told, unless the report has come in before this."""
    told = event.data
    fact = fact_of(event, "inspection", told.inspection_id, summary=told.model_dump(include={"due_on", "stage"}))
    customer = await tell(tx, fact, customer_id=told.customer_id, parent_id=told.policy_id)
    if customer is None or await has_ended(tx, told.inspection_id):
        return
    await ask_manager(
        tx, "inspection_due", customer, Text("安全检查到期，联系客户", "An inspection is due: speak to the customer"),
        record=("inspection", told.inspection_id), href=f"/v1/inspections/{told.inspection_id}",
        due_at=at_midnight(told.due_on),
    )  # fmt: skip


@consumes("risk.inspection.completed.v1")
async def inspection_completed(tx: Transaction, event: Received[InspectionCompleted]) -> None:
    told = event.data
    fact = fact_of(
        event, "inspection", told.inspection_id, summary={"risk_level": told.risk_level},
        amounts={"probable_maximum_loss": told.probable_maximum_loss},
    )  # fmt: skip
    await tell(tx, fact, customer_id=told.customer_id, parent_id=told.policy_id or told.application_id)
    await end_record(tx, told.inspection_id, "inspection", event.org_path)
    await close_items(tx, told.inspection_id)


@consumes("risk.assessment.signed.v1")
async def assessment_signed(tx: Transaction, event: Received[AssessmentSigned]) -> None:
    told = event.data
    fact = fact_of(event, "risk_assessment", told.assessment_id, summary={"level": told.level})
    await tell(tx, fact, customer_id=told.customer_id)


@consumes("risk.hazard.found.v1")
async def hazard_found(tx: Transaction, event: Received[HazardTold]) -> None:
    """Whose hazard it is: what comes later about it names neither policy nor customer."""
    told = event.data
    await learn(tx, told.hazard_id, "hazard", event.org_path, customer_id=told.customer_id, parent_id=told.policy_id)


@consumes("risk.hazard.overdue.v1")
async def hazard_overdue(tx: Transaction, event: Received[HazardTold]) -> None:
    told = event.data
    fact = fact_of(event, "hazard", told.hazard_id, summary={"class": told.hazard_class, "due_on": told.due_on})
    customer = await tell(tx, fact, customer_id=told.customer_id, parent_id=told.policy_id)
    if customer is None or await has_ended(tx, told.hazard_id):
        return
    await ask_manager(
        tx, "hazard_overdue", customer, Text("隐患逾期未整改，联系客户", "A hazard is overdue: speak to the customer"),
        record=("hazard", told.hazard_id), href=f"/v1/hazards/{told.hazard_id}",
    )  # fmt: skip


@consumes("risk.hazard.closed.v1")
async def hazard_closed(tx: Transaction, event: Received[HazardTold]) -> None:
    told = event.data
    await tell(tx, fact_of(event, "hazard", told.hazard_id, summary={"class": told.hazard_class}))
    await end_record(tx, told.hazard_id, "hazard", event.org_path)
    await close_items(tx, told.hazard_id)


async def _key_risk(tx: Transaction, event: Received[KeyRiskTold]) -> None:
    await tell(tx, fact_of(event, "key_risk_file", event.record_id), customer_id=event.data.customer_id)


@consumes("risk.key_risk_file.opened.v1")
async def key_risk_file_opened(tx: Transaction, event: Received[KeyRiskTold]) -> None:
    await _key_risk(tx, event)


@consumes("risk.key_risk_file.closed.v1")
async def key_risk_file_closed(tx: Transaction, event: Received[KeyRiskTold]) -> None:
    await _key_risk(tx, event)


CONSUMERS = (
    inspection_due,
    inspection_completed,
    assessment_signed,
    hazard_found,
    hazard_overdue,
    hazard_closed,
    key_risk_file_opened,
    key_risk_file_closed,
)
