"""What is sent and answered about directives."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from gateway.organisation.schemas import Command, UnitCode
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class IssueDirective(Command):
    """One directive for each unit named; a unit named twice is addressed once."""

    unit_codes: list[UnitCode] = Field(min_length=1, max_length=200)
    text: Words
    due_on: date


class AcknowledgeDirective(Command):
    note: Words | None = None


class CompleteDirective(Command):
    """`result` says what was done."""

    result: Words | None = None


class DirectiveItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    issue_id: Id
    unit_code: str
    issuer_unit_code: str
    issued_by: Id
    text: str
    due_on: date
    status: str
    acknowledged_at: Instant | None = None
    acknowledged_by: Id | None = None
    done_at: Instant | None = None
    done_by: Id | None = None
    result: str | None = None


class DirectiveOut(DirectiveItem):
    available_actions: list[ActionOut]


class IssueOut(BaseModel):
    """The directives of one issue, one for each unit addressed."""

    issue_id: Id
    items: list[DirectiveItem]


class DirectiveState(BaseModel):
    id: Id
    version: int
    status: str


class DirectiveFactOut(BaseModel):
    """An acknowledgement or a completion."""

    id: Id
    created_at: Instant
    directive: DirectiveState
