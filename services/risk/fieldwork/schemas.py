"""The package of a visit, and a section sent from the field."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from services.risk.checklist.schemas import ChecklistOut
from services.risk.inspection.schemas import InspectionItem, RecordState, SectionIn
from shared.clock import Instant
from shared.ids import Id


class PutSection(SectionIn):
    """`client_id`: the device's own id of this writing; `written_at`: when it was written there."""

    client_id: str = Field(min_length=1, max_length=80)
    written_at: AwareDatetime


class SectionOut(BaseModel):
    """`kept` is false where what is stored was written later, or is this very writing."""

    section: str
    client_id: str
    written_at: Instant
    kept: bool
    inspection: RecordState


class SiteBrief(BaseModel):
    id: Id
    name: str
    address: str
    area_code: str
    longitude: str | None = None
    latitude: str | None = None
    insured_count: int
    industry: str


class EarlierVisit(BaseModel):
    """The last report on the same place."""

    inspection_id: Id
    inspection_no: str
    inspected_on: date
    risk_level: str | None = None
    sections: dict[str, Any]
    scores: dict[str, str]


class PackageOut(BaseModel):
    """Everything that is wanted on the spot, in one answer; `scales`: the factors and classes of hazards."""

    inspection: InspectionItem
    sections: list[str]
    site: SiteBrief | None = None
    place: dict[str, Any] | None = None
    checklist: ChecklistOut | None = None
    earlier_visit: EarlierVisit | None = None
    earlier_hazards: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    scales: dict[str, Any]
    sent: dict[str, Any]
