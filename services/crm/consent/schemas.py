"""A customer's statement as it crosses HTTP."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.crm.consent.rules import Purpose
from services.crm.customer.schemas import CustomerState
from shared.clock import Instant
from shared.ids import Id

Contact = Literal["phone", "sms", "email", "letter", "visit", "web", "app"]


class StateConsent(BaseModel):
    """`granted` false is an objection: the customer is left alone for this purpose, on this channel or on all.
    `given_at` absent: now.
    """

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    channel: Contact | None = None
    granted: bool
    given_by: Literal["customer", "guardian"] = "customer"
    given_at: AwareDatetime | None = None
    until_on: date | None = None
    source: Literal["phone", "letter", "counter", "web", "app", "form", "visit"]
    evidence: str | None = Field(default=None, min_length=1, max_length=200)
    text_version: str | None = Field(default=None, min_length=1, max_length=60)
    reason: str | None = Field(default=None, min_length=1, max_length=500)


class ConsentFactOut(BaseModel):
    id: Id
    created_at: Instant
    purpose: str
    channel: str | None = None
    granted: bool
    customer: CustomerState
