"""What is sent and answered about changes of the tree."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel

from gateway.organisation.schemas import Command, UnitCode
from shared.clock import Instant
from shared.ids import Id


class MoveUnit(Command):
    """`dry_run` is the same as the query parameter."""

    parent_code: UnitCode
    effective_on: date
    dry_run: bool = False


class MergeUnit(Command):
    """The unit is closed, and `into_code` goes on with what it had."""

    into_code: UnitCode
    effective_on: date
    dry_run: bool = False


class CloseUnit(Command):
    effective_on: date
    dry_run: bool = False


class UnitVersion(BaseModel):
    id: Id
    version: int


class TouchedUnit(BaseModel):
    code: str
    path_before: str
    path_after: str | None = None


class TouchedPerson(BaseModel):
    person_id: Id
    staff_no: str
    position: str
    unit_code: str


class OpenWork(BaseModel):
    """One open work item at the units concerned."""

    service: str
    kind: str
    record: dict[str, Any]
    unit_code: str
    assignee_person_id: Id | None = None


class TouchedRecords(BaseModel):
    """How many current rows follow, in one table of one service."""

    service: str
    table: str
    count: int


class TouchedOut(BaseModel):
    """What a change would touch. `partial`: services that did not answer; of people and work 500 are shown."""

    units: list[TouchedUnit]
    people: list[TouchedPerson]
    open_work: list[OpenWork]
    records: list[TouchedRecords]
    partial: list[str] | None = None


class UnitChangeOut(BaseModel):
    """A change of the tree, its day and what became of it; `touched` with `dry_run` alone."""

    id: Id
    created_at: Instant
    kind: str
    effective_on: date
    status: str
    target_code: str | None = None
    path_before: str
    path_after: str | None = None
    unit: UnitVersion
    touched: TouchedOut | None = None


class Obstacle(BaseModel):
    """What keeps a unit from closing: `unit`, `appointment`, `planned_change`, `work_item`, or a refusal's code."""

    kind: str
    code: str | None = None
    person_id: Id | None = None
    staff_no: str | None = None
    position: str | None = None
    service: str | None = None
    work: str | None = None
    record: dict[str, Any] | None = None
    effective_on: date | None = None
