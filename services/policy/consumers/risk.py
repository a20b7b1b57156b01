"""What risk tells: signed surveys and assessments, hazards found, overdue and closed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.dialects.postgresql import insert

from services.policy.mark.queries import keep_signal
from services.policy.renewal.handlers import judge_customer, judge_policy
from services.policy.safety_demand.handlers import cured, propose
from services.policy.safety_demand.queries import closed_already
from services.policy.survey.handlers import survey_signed
from services.policy.survey.tables import AssessmentCopy, HazardCopy, SurveyCopy
from shared.clock import legal_day
from shared.database import Transaction
from shared.events import Consumer, Received, consumes
from shared.money import Money


class InspectionTold(BaseModel):
    inspection_id: UUID
    policy_id: UUID | None = None
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
    unit_code: str | None = None


class InspectionDueTold(BaseModel):
    inspection_id: UUID
    policy_id: UUID | None = None
    due_on: date
    stage: str


class KeyRiskTold(BaseModel):
    customer_id: UUID


async def _signal(
    tx: Transaction, kind: str, subject_id: UUID, record_version: int, policy_id: UUID | None = None, **told: Any
) -> None:
    row = {"kind": kind, "subject_id": subject_id, "policy_id": policy_id, "record_version": record_version}
    await keep_signal(
        tx, {"customer_id": None, "overdue": False, "overdue_since": None, "is_open": True, **row, **told}
    )


@consumes("risk.inspection.due.v1")
async def inspection_due(tx: Transaction, event: Received[InspectionDueTold]) -> None:
    """An overdue inspection stands against a renewal; it never ends cover."""
    told = event.data
    overdue = told.stage == "overdue"
    await _signal(
        tx, "inspection", told.inspection_id, event.record_version, told.policy_id, overdue=overdue,
        overdue_since=told.due_on if overdue else None, due_on=told.due_on,
    )  # fmt: skip
    await judge_policy(tx, told.policy_id)


@consumes("risk.key_risk_file.opened.v1")
async def key_risk_file_opened(tx: Transaction, event: Received[KeyRiskTold]) -> None:
    """A file about the customer is asked for: a condition of renewal."""
    told = event.data
    await _signal(tx, "key_risk_file", event.record_id, event.record_version, customer_id=told.customer_id)
    await judge_customer(tx, told.customer_id)


@consumes("risk.key_risk_file.closed.v1")
async def key_risk_file_closed(tx: Transaction, event: Received[KeyRiskTold]) -> None:
    told = event.data
    await _signal(
        tx, "key_risk_file", event.record_id, event.record_version, customer_id=told.customer_id, is_open=False
    )  # fmt: skip
    await judge_customer(tx, told.customer_id)


@consumes("risk.inspection.completed.v1")
async def inspection_completed(tx: Transaction, event: Received[InspectionTold]) -> None:
    """Keep the survey of an application, and let an application that waited for it go on; others are not ours."""
    told = event.data
    if told.policy_id is not None:
        await _signal(tx, "inspection", told.inspection_id, event.record_version, told.policy_id, is_open=False)
        await judge_policy(tx, told.policy_id)
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
    row = told.model_dump(exclude={"unit_code"}) | marks
    statement = insert(HazardCopy).values(**row)
    kept = marks or {"due_on": statement.excluded.due_on, "hazard_class": statement.excluded.hazard_class}
    await tx.execute(statement.on_conflict_do_update(index_elements=["hazard_id"], set_=kept))


@consumes("risk.hazard.found.v1")
async def hazard_found(tx: Transaction, event: Received[HazardTold]) -> None:
    await _hazard(tx, event.data)


@consumes("risk.hazard.overdue.v1")
async def hazard_overdue(tx: Transaction, event: Received[HazardTold]) -> None:
    told = event.data
    await _hazard(tx, told, overdue=True)
    if not await closed_already(tx, told.hazard_id):
        day = told.due_on or legal_day(event.time)
        await propose(tx, told.policy_id, told.hazard_id, told.hazard_class, day, told.unit_code)


@consumes("risk.hazard.closed.v1")
async def hazard_closed(tx: Transaction, event: Received[HazardTold]) -> None:
    await _hazard(tx, event.data, closed=True)
    await cured(tx, event.data.hazard_id)


CONSUMERS: tuple[Consumer, ...] = (
    inspection_due,
    key_risk_file_opened,
    key_risk_file_closed,
    inspection_completed,
    assessment_signed,
    hazard_found,
    hazard_overdue,
    hazard_closed,
)
