"""Loans as they cross HTTP."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.clock import Instant
from shared.ids import Id


class LendFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    borrower_person_id: Id
    purpose: str = Field(min_length=3, max_length=200)
    due_on: date


class ReturnFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    condition: str = Field(default="complete", min_length=1, max_length=200)


class LoanOut(FactOut):
    volume_no: str
    file_status: str
    borrower_person_id: Id
    purpose: str
    due_on: date
    returned_at: Instant | None = None
    condition: str | None = None
