"""What can be asked of the audit trail over all services, and how it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.audit_routes import AuditEntryOut, ChainVerdict
from shared.clock import Instant
from shared.pagination import DEFAULT_LIMIT, MAX_LIMIT, Page


class AuditSearch(BaseModel):
    """Filters; different ones must all hold."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None
    unit_code: str | None = Field(default=None, description="Acts at this unit and at those below it.")
    person_id: UUID | None = None
    object_type: str | None = Field(default=None, description="Kind of record, such as `claim`; `request`: a refusal.")
    object_id: UUID | None = None
    action: str | None = None
    outcome: Literal["done", "refused"] | None = None
    request_id: UUID | None = None
    since: datetime | None = Field(default=None, alias="at[gte]")
    until: datetime | None = Field(default=None, alias="at[lt]")


class AuditEntry(AuditEntryOut):
    """One act, allowed or refused; `before` and `after` are hashes, never values."""

    at: Instant


class AuditPage(Page[AuditEntry]):
    """Newest first. `partial` names the services that did not answer."""

    partial: list[str] | None = None


class VerificationOut(BaseModel):
    """`intact`: every chain of every service that answered is whole, and all of them answered."""

    intact: bool
    items: list[ChainVerdict]
    partial: list[str] | None = None
