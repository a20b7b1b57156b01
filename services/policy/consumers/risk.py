"""What risk tells: signed surveys and assessments, hazards found, overdue and closed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.dialects.postgresql import insert

from services.policy.survey.handlers import survey_signed
from services.policy.survey.tables import AssessmentCopy, HazardCopy, SurveyCopy
from shared.database import Transaction
from shared.events import Consumer, Received, consumes
from shared.money import Money


class InspectionTold(BaseModel):
    inspection_id: UUID
    application_id: UUID | None = None
    customer_id: UUID | None = None
    kind: str | None = None
    risk_level: str
    hazards: dict[str, int] = Field(default_factory=dict)
    probable_maximum_loss: Money | None = None
    inspector_id: UUID | None = None
    inspected_at: AwareDatetime | None = None
    signed_at: AwareDatetime | None = None


class AssessmentTold(BaseModel):
    assessment_id: UUID
    application_id: UUID | None = None
    customer_id: UUID
    score: int
    level: str
    signed_at: AwareDatetime | None = None


class HazardTold(BaseModel):
    hazard_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID | None = None
    hazard_class: str = Field(alias="class")
    due_on: date | None = None


@consumes("risk.inspection.completed.v1")
async def inspection_completed(tx: Transaction, event: Received[InspectionTold]) -> None:
    """Keep the survey of an application, and let an application that waited for it go on; others are not ours."""
    told = event.data
    if told.application_id is None:
        return
    at: datetime = told.inspected_at or told.signed_at or event.time
    row = {
        "inspection_id": told.inspection_id, "application_id": told.application_id, "customer_id": told.customer_id,
        "risk_level": told.risk_level, "hazards": told.hazards, "probable_maximum_loss": told.probable_maximum_loss,
        "surveyors": [] if told.inspector_id is None else [told.inspector_id], "completed_at": at,
        "record_version": event.record_version,
    }  # fmt: skip
    await _keep(tx, SurveyCopy, "inspection_id", row)
    await survey_signed(tx, told.application_id)


async def _keep(tx: Transaction, table: Any, key: str, row: dict[str, Any]) -> None:
    """Write a copy that never goes back."""
    statement = insert(table).values(**row)
    newer = table.record_version < statement.excluded.record_version
    changed = {name: statement.excluded[name] for name in row if name != key}
    await tx.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed, where=newer))


@consumes("risk.assessment.signed.v1")
async def assessment_signed(tx: Transaction, event: Received[AssessmentTold]) -> None:
    """The condition of issue is met."""
    told = event.data
    row = told.model_dump() | {"signed_at": told.signed_at or event.time, "record_version": event.record_version}
    await _keep(tx, AssessmentCopy, "assessment_id", row)


async def _hazard(tx: Transaction, told: HazardTold, **marks: bool) -> None:
    """What is told of one hazard in any order: a mark that was set stays set."""
    row = told.model_dump() | marks
    statement = insert(HazardCopy).values(**row)
    kept = marks or {"due_on": statement.excluded.due_on, "hazard_class": statement.excluded.hazard_class}
    await tx.execute(statement.on_conflict_do_update(index_elements=["hazard_id"], set_=kept))


@consumes("risk.hazard.found.v1")
async def hazard_found(tx: Transaction, event: Received[HazardTold]) -> None:
    await _hazard(tx, event.data)


@consumes("risk.hazard.overdue.v1")
async def hazard_overdue(tx: Transaction, event: Received[HazardTold]) -> None:
    await _hazard(tx, event.data, overdue=True)


@consumes("risk.hazard.closed.v1")
async def hazard_closed(tx: Transaction, event: Received[HazardTold]) -> None:
    await _hazard(tx, event.data, closed=True)


CONSUMERS: tuple[Consumer, ...] = (
    inspection_completed,
    assessment_signed,
    hazard_found,
    hazard_overdue,
    hazard_closed,
)
