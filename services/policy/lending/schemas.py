"""Loans as they cross HTTP."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from shared.ids import Id


class LendVolume(BaseModel):
    model_config = ConfigDict(extra="forbid")

    borrower_person_id: Id
    purpose: str = Field(min_length=3, max_length=200)
    due_on: date


class ReturnVolume(BaseModel):
    model_config = ConfigDict(extra="forbid")

    condition: str = Field(default="complete", min_length=1, max_length=200)
