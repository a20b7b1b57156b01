"""Actions against a cause."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.complaints.complaint.schemas import RecordState
from shared.clock import Instant
from shared.ids import Id


class RecordRootCause(BaseModel):
    """Without `cause`: that of the complaint."""

    model_config = ConfigDict(extra="forbid")

    cause: str | None = Field(default=None, max_length=60)
    action: str = Field(min_length=1, max_length=2000)
    owner_staff_no: str = Field(min_length=1, max_length=40)
    due_on: date


class CompleteRootCause(BaseModel):
    model_config = ConfigDict(extra="forbid")

    done_at: AwareDatetime
    note: str = Field(min_length=1, max_length=2000)


class RootCauseOut(BaseModel):
    """`recurred`: complaints of the same cause and product in the branch in the days after it was done."""

    id: Id
    created_at: Instant
    cause: str
    action: str
    owner_person_id: Id
    due_on: date
    status: str
    done_at: Instant | None = None
    check_on: date | None = None
    checked_at: Instant | None = None
    recurred: int | None = None
    complaint: RecordState
