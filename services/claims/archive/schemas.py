"""Closing and the file as they cross HTTP."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.clock import Instant
from shared.ids import Id


class CloseClaim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    remark: str | None = Field(default=None, max_length=500)


class ClosureOut(FactOut):
    """`due_on`: until when the file stands on its shelf."""

    closed_at: Instant
    due_on: date | None = None


class PageIn(BaseModel):
    """One paper in the list of pages. `first_page`: follows the paper before where it is left out. `sha256`: of a
    file of the claim it is read from the file itself."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200)
    first_page: int | None = Field(default=None, ge=1, le=100_000)
    page_count: int = Field(default=1, ge=1, le=10_000)
    attachment_id: Id | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class BindFile(BaseModel):
    """`page_count`: the pages counted in the volume, where they were counted apart from the list."""

    model_config = ConfigDict(extra="forbid")

    pages: list[PageIn] = Field(max_length=2000)
    archivist_person_id: Id
    page_count: int | None = Field(default=None, ge=0, le=1_000_000)
    shelf_place: str | None = Field(default=None, min_length=1, max_length=100)


class FileOut(FactOut):
    volume_no: str
    status: str
    page_count: int
    manifest_sha256: str
    archivist_person_id: Id
    shelf_place: str | None = None
    shelved_at: Instant
    keep_until: date


class AddSupplement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pages: list[PageIn] = Field(max_length=2000)
    reason: str = Field(min_length=1, max_length=500)
    page_count: int | None = Field(default=None, ge=0, le=1_000_000)


class SupplementOut(FactOut):
    supplement_no: str
    page_count: int
    manifest_sha256: str


class PageOut(BaseModel):
    title: str
    first_page: int
    page_count: int
    attachment_id: Id | None = None
    sha256: str | None = None


class SupplementShown(BaseModel):
    supplement_no: str
    created_at: Instant
    pages: list[PageOut]
    page_count: int
    manifest_sha256: str
    reason: str


class LoanShown(BaseModel):
    borrower_person_id: Id
    purpose: str
    lent_at: Instant
    due_on: date
    returned_at: Instant | None = None
    condition: str | None = None


class ManifestOut(BaseModel):
    """The file with everything in it. `keep_until`: the last day on which it must be kept; `frozen_by`: what holds it
    beyond that day."""

    id: Id
    created_at: Instant
    claim_id: Id
    volume_no: str
    status: str
    page_count: int
    pages: list[PageOut]
    manifest_sha256: str
    archivist_person_id: Id
    shelf_place: str | None = None
    shelved_at: Instant
    keep_until: date
    frozen_by: list[str]
    supplements: list[SupplementShown]
    loans: list[LoanShown]
