"""Volumes as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.policy.archive.rules import ItemKind
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VolumeItem(_Body):
    """One paper. `serials`: numbers of the controlled documents it consists of."""

    policy_no: str = Field(min_length=1, max_length=60)
    kind: ItemKind
    title: str = Field(min_length=1, max_length=200)
    page_count: int = Field(default=1, ge=1, le=10_000)
    serials: list[str] = Field(default_factory=list, max_length=50)


class SortVolume(_Body):
    """`page_count`: the pages counted, where they were counted apart from the list."""

    line: Literal["liability", "accident"]
    items: list[VolumeItem] = Field(max_length=2000)
    page_count: int | None = Field(default=None, ge=0, le=1_000_000)


class SealVolume(_Body):
    """Bind and seal; with `shelf_place` also shelve. `items` of a sealed volume: bind it again, with `reason` and
    `second_person_id`."""

    box: str | None = Field(default=None, min_length=1, max_length=60)
    shelf_place: str | None = Field(default=None, min_length=1, max_length=100)
    items: list[VolumeItem] | None = Field(default=None, max_length=2000)
    page_count: int | None = Field(default=None, ge=0, le=1_000_000)
    reason: str | None = Field(default=None, max_length=500)
    second_person_id: Id | None = None


class VolumeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    volume_no: str
    unit_code: str
    line: str
    status: str
    box: str | None = None
    shelf_place: str | None = None
    page_count: int
    manifest_sha256: str
    sealed_at: Instant | None = None
    bound_by: Id
    keep_until: date


class LoanShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    borrower_person_id: Id
    purpose: str
    created_at: Instant
    due_on: date
    returned_at: Instant | None = None
    condition: str | None = None


class VolumeAlone(VolumeOut):
    """The volume with everything in it. `frozen_by`: what holds it beyond its last day."""

    items: list[dict[str, Any]]
    rebound: list[dict[str, Any]]
    loans: list[LoanShown]
    frozen_by: list[str]
    missing: list[str]
    available_actions: list[ActionOut]
