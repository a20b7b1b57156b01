"""Papers, the supplement notice and its answer, consents."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.claims.claim.schemas import FactOut
from services.claims.documents.rules import ConsentBasis
from shared.clock import Instant
from shared.ids import Id


class DeliveredPaper(BaseModel):
    """One paper of the checklist with its files."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=60)
    attachment_ids: list[Id] = Field(default_factory=list, max_length=50)


class CollectDocuments(BaseModel):
    """`received_at`: when they arrived, default now. `upload_ids`: files sent before, which now belong to the claim."""

    model_config = ConfigDict(extra="forbid")

    items: list[DeliveredPaper] = Field(max_length=100)
    received_at: AwareDatetime | None = None
    reason: str | None = Field(default=None, max_length=500)
    upload_ids: list[Id] = Field(default_factory=list, max_length=50)
    liability_fixed_on: date | None = None
    """The day on which the insured's liability was fixed (judgment, mediation, agreement), where the papers show it."""


class WantedPaper(BaseModel):
    """A code of the checklist, or words for what the list has no code for; a bare string is either."""

    model_config = ConfigDict(extra="forbid")

    code: str | None = Field(default=None, max_length=60)
    description: str = Field(default="", max_length=500)

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"description": value} if isinstance(value, str) else value


class RequestSupplements(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[WantedPaper] = Field(max_length=50)
    served_at: AwareDatetime | None = None
    method: str | None = Field(default=None, max_length=40)
    reason: str | None = Field(default=None, max_length=500)


class SuppliedPaper(BaseModel):
    """An answer to the item with this `number` (from 1) or this `code`."""

    model_config = ConfigDict(extra="forbid")

    number: int | None = Field(default=None, ge=1)
    code: str | None = Field(default=None, max_length=60)
    attachment_ids: list[Id] = Field(default_factory=list, max_length=50)


class ReceiveSupplements(BaseModel):
    """`final`: the claimant has nothing more to send, so the wait ends with what is here."""

    model_config = ConfigDict(extra="forbid")

    items: list[SuppliedPaper] = Field(max_length=50)
    received_at: AwareDatetime | None = None
    reason: str | None = Field(default=None, max_length=500)
    upload_ids: list[Id] = Field(default_factory=list, max_length=50)
    final: bool = False


class RecordConsent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    claimant_ref: str = Field(min_length=1, max_length=60)
    basis: ConsentBasis
    obtained_at: AwareDatetime
    attachment_id: Id | None = None


class ConsentOut(FactOut):
    claimant_ref: str
    basis: str
    obtained_at: Instant
    missing: list[str]


class PaperOut(BaseModel):
    code: str
    title: dict[str, str]
    required: bool
    held: bool
    """The insurer has it itself: it is never asked for."""
    medical: bool
    received: bool
    received_at: Instant | None = None
    attachment_ids: list[Id] = Field(default_factory=list)


class WantedOut(BaseModel):
    number: int
    code: str | None = None
    description: str | None = None
    received: bool


class NoticeOut(BaseModel):
    served_at: Instant
    method: str | None = None
    items: list[WantedOut]
    received_at: Instant | None = None


class DocumentsOut(BaseModel):
    """The papers of a claim: what is wanted, what is here, what is missing."""

    checklist_version: str
    items: list[PaperOut]
    missing: list[str]
    documents_received_at: Instant | None = None
    documents_complete_at: Instant | None = None
    supplement_notice: NoticeOut | None = None
    consents: list[dict[str, Any]]
    consents_missing: list[str]


class DeliveryOut(FactOut):
    """What is still missing after this delivery, and by when the claim must be determined."""

    missing: list[str]
    documents_received_at: Instant | None = None
    documents_complete_at: Instant | None = None
    supplement_notice: NoticeOut | None = None
    deadlines: list[dict[str, Any]]
