"""A key account as it is read; its facts."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RecordState(BaseModel):
    id: Id
    version: int
    status: str


class KeyAccountItem(BaseModel):
    """A key account in a list. `green_channel` is a mark for the order of work and changes no rule."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    customer_id: Id
    customer_name: str | None = None
    status: str
    tier: str | None = None
    proposal: str | None = None
    proposed_tier: str | None = None
    green_channel: bool
    manager: dict[str, str] | None = None
    review_due_on: date | None = None
    active_from: Instant | None = None
    exited_at: Instant | None = None
    masked: list[str]


class PersonOut(BaseModel):
    role: str
    person_id: Id
    staff_no: str
    from_on: date
    to_on: date | None = None


class VisitOut(BaseModel):
    id: Id
    level: str
    person: dict[str, str]
    visited_at: Instant
    year: int
    summary: str


class ObligationOut(BaseModel):
    """Visits that the head of a level owes in the year."""

    level: str
    year: int
    needed: int
    done: int


class KeyAccountOut(KeyAccountItem):
    """A key account read singly, with its file."""

    criteria: dict[str, Any]
    reason: str | None = None
    people: list[PersonOut]
    missing: list[str]
    visits: list[VisitOut]
    obligations: list[ObligationOut]
    file: dict[str, Any]
    facts: list[dict[str, Any]]
    available_actions: list[ActionOut]


class KeyAccountFactOut(BaseModel):
    """The answer to one act."""

    id: Id
    created_at: Instant
    kind: str
    person: dict[str, str]
    occurred_at: Instant
    told: dict[str, Any]
    key_account: RecordState


class CandidateOut(BaseModel):
    """A customer who meets a criterion and is no key account."""

    customer_id: Id
    customer_name: str | None = None
    unit_code: str
    annual_premium: str
    insured_persons: int
    limit: str
    tier: str
    met: list[str]


class CandidatesOut(BaseModel):
    """The highest premium first, at most 200."""

    items: list[CandidateOut]
