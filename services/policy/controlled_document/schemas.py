"""Controlled documents as they cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.policy.controlled_document.rules import DocumentKind
from shared.clock import Instant
from shared.ids import Id

Prefix = Annotated[str, StringConstraints(pattern="^[A-Z0-9-]{1,20}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AppointCustodian(_Body):
    """`ends_predecessor`: whoever is in office ends the day before; without it a second one is refused."""

    unit_code: str = Field(min_length=1, max_length=20)
    staff_no: str = Field(min_length=1, max_length=40)
    from_on: date
    ends_predecessor: bool = False


class CustodianOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    unit_code: str
    person_id: Id
    staff_no: str
    from_on: date
    to_on: date | None = None


class RegisterRange(_Body):
    """Numbers from `first` to `last`; `copies`: how many copies (联) each has."""

    kind: DocumentKind
    prefix: Prefix
    first: int = Field(ge=1, le=99_999_999)
    last: int = Field(ge=1, le=99_999_999)
    unit_code: str = Field(min_length=1, max_length=20)
    copies: int = Field(default=1, ge=1, le=10)


class MoveRange(_Body):
    """One movement. `to_unit_code` of a transfer, `to_person_id` of a hand-out, `used_for` of a use."""

    kind: DocumentKind
    prefix: Prefix
    first: int = Field(ge=1, le=99_999_999)
    last: int = Field(ge=1, le=99_999_999)
    action: Literal["hand_out", "take_back", "transfer", "use", "lose"]
    to_unit_code: str | None = Field(default=None, max_length=20)
    to_person_id: Id | None = None
    used_for: str | None = Field(default=None, max_length=60)
    reason: str | None = Field(default=None, max_length=500)


class VoidDocument(_Body):
    """`copies_returned`: all of them, or it stays what it is."""

    kind: DocumentKind
    prefix: Prefix
    number: int = Field(ge=1, le=99_999_999)
    copies_returned: int = Field(ge=0, le=10)
    reason: str | None = Field(default=None, max_length=500)


class Counted(_Body):
    kind: DocumentKind
    prefix: Prefix
    in_stock: int = Field(ge=0, le=10_000_000)
    held: int = Field(ge=0, le=10_000_000)


class CountDocuments(_Body):
    """What lies in the unit. `explanation`: wanted where it differs from the register."""

    month: str = Field(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$")
    counted: list[Counted] = Field(max_length=200)
    explanation: str | None = Field(default=None, max_length=1000)


class DocumentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    kind: str
    prefix: str
    number: int
    serial: str
    unit_code: str
    holder_person_id: Id | None = None
    copies: int
    status: str
    used_for: str | None = None
    used_at: Instant | None = None
    volume_id: Id | None = None


class MovementOut(BaseModel):
    """One movement of a range, with how many documents it took."""

    id: Id
    created_at: Instant
    kind: str
    prefix: str
    first: int
    last: int
    documents: int
    action: str
    status: str | None = None
    from_unit: str | None = None
    to_unit: str | None = None
    from_person_id: Id | None = None
    to_person_id: Id | None = None
    used_for: str | None = None
    reason: str | None = None
    person_id: Id


class MovementsOut(BaseModel):
    items: list[MovementOut]


class CountOut(BaseModel):
    """`reconciled`: used, voided and lost documents that the count has settled."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    unit_code: str
    month: str
    counted: list[dict[str, Any]]
    expected: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    explanation: str | None = None
    person_id: Id
    reconciled: int = 0
