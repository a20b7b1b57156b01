"""Cases of suspected mis-selling over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.complaints.mis_selling.rules import ActionKind
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Source(_Body):
    kind: Literal["visit", "complaint"]
    id: Id


class OpenCase(_Body):
    source: Source
    policy_no: str | None = Field(default=None, max_length=60)
    seller_staff_no: str = Field(min_length=1, max_length=40)
    found_at: AwareDatetime | None = None


class AssignCase(_Body):
    handler_person_id: Id
    reason: str | None = Field(default=None, max_length=500)


class RecordFinding(_Body):
    verified: bool
    findings: str = Field(min_length=2, max_length=8000)


class RecordAction(_Body):
    kind: ActionKind
    description: str = Field(min_length=1, max_length=2000)
    done_at: AwareDatetime | None = None


class CloseCase(_Body):
    outcome: str = Field(min_length=2, max_length=60, pattern="^[a-z][a-z0-9_]*$")
    note: str | None = Field(default=None, max_length=2000)


class CaseItem(BaseModel):
    """A case in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    status: str
    source_kind: str
    source_id: Id
    policy_no: str | None = None
    product: str | None = None
    found_at: Instant
    due_on: date
    due_legal_on: date
    due_at: Instant
    handler_person_id: Id | None = None
    outcome: str | None = None
    closed_at: Instant | None = None
    breached_at: Instant | None = None


class CaseOut(CaseItem):
    """A case read singly."""

    deadlines: list[dict[str, Any]]
    findings: str | None = None
    actions: list[dict[str, Any]]
    available_actions: list[ActionOut]


class CaseChanged(BaseModel):
    """The case after an act."""

    id: Id
    version: int
    status: str
    created_at: Instant
