"""How a risk control file reads, and its closing."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class FileItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    customer_id: Id
    unit_code: str
    status: str
    criteria: list[str]
    opened_at: Instant
    closed_at: Instant | None = None


class FileOut(FileItem):
    """With the customer's cover, visits, hazards and claims as they stand."""

    policies: list[dict[str, Any]]
    inspections: list[dict[str, Any]]
    hazards: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    available_actions: list[ActionOut]


class CloseFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class FileFactOut(BaseModel):
    id: Id
    created_at: Instant
    reason: str
    key_risk_file: dict[str, Any]
