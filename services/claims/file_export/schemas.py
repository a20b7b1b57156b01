"""Archives of files as they cross HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim.schemas import FactOut
from shared.clock import Instant
from shared.ids import Id


class RequestExport(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(min_length=3, max_length=200)


class EntryOut(BaseModel):
    name: str
    sha256: str
    size: int
    attachment_id: Id | None = None


class ExportOut(FactOut):
    """`content_url` is a link to the archive (ZIP) for the caller alone, good until `content_url_expires_at`."""

    purpose: str
    person_id: Id
    manifest_sha256: str
    entries: list[EntryOut]
    content_url: str | None = None
    content_url_expires_at: Instant | None = None
