"""The events that the risk service publishes. Their JSON Schemas stand in `docs/events/`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.clock import Instant
from shared.events import Payload
from shared.money import Money


class InspectionDue(Payload):
    SUBJECT: ClassVar[str] = "risk.inspection.due.v1"

    inspection_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID
    due_on: date
    stage: str


class InspectionCompleted(Payload):
    """The report is signed. `hazards` counts those found by class; the loss is the largest of one event, in yuan.

    Who inspected, and when, is what an underwriter's decision on a survey is held against.
    """

    SUBJECT: ClassVar[str] = "risk.inspection.completed.v1"

    inspection_id: UUID
    application_id: UUID | None = None
    policy_id: UUID | None = None
    customer_id: UUID
    kind: str
    risk_level: str
    hazards: dict[str, int]
    probable_maximum_loss: Money | None = None
    inspector_id: UUID
    inspected_at: Instant
    signed_at: Instant


class AssessmentSigned(Payload):
    """Signed and handed to the customer; `score` counts points of safety, `level` is that of the risk."""

    SUBJECT: ClassVar[str] = "risk.assessment.signed.v1"

    assessment_id: UUID
    customer_id: UUID
    application_id: UUID | None = None
    policy_id: UUID | None = None
    score: int
    level: str
    assessor_id: UUID
    signed_at: Instant


class HazardFound(Payload):
    SUBJECT: ClassVar[str] = "risk.hazard.found.v1"

    hazard_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID
    hazard_class: str = Field(alias="class")
    due_on: date | None = None


class HazardOverdue(Payload):
    """Its day has passed without cure; `step` counts how often, `unit_code` is the unit above that has to act now."""

    SUBJECT: ClassVar[str] = "risk.hazard.overdue.v1"

    hazard_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID
    hazard_class: str = Field(alias="class")
    due_on: date
    step: int
    unit_code: str


class HazardClosed(Payload):
    """Another visit has found it cured."""

    SUBJECT: ClassVar[str] = "risk.hazard.closed.v1"

    hazard_id: UUID
    policy_id: UUID | None = None
    customer_id: UUID
    hazard_class: str = Field(alias="class")


class KeyRiskFileOpened(Payload):
    SUBJECT: ClassVar[str] = "risk.key_risk_file.opened.v1"

    customer_id: UUID
    criteria: list[str]


class KeyRiskFileClosed(Payload):
    SUBJECT: ClassVar[str] = "risk.key_risk_file.closed.v1"

    customer_id: UUID


EVENTS: tuple[type[Payload], ...] = (
    InspectionDue,
    InspectionCompleted,
    AssessmentSigned,
    HazardFound,
    HazardOverdue,
    HazardClosed,
    KeyRiskFileOpened,
    KeyRiskFileClosed,
)
