"""How a customer is registered, changed, found and read."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.crm.customer.rules import CustomerKind, IdType
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Channel = Literal[
    "phone", "letter", "visit", "web", "email", "app", "core_system", "regulator_transfer", "return_visit", "social"
]


class ContactIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    role: str = Field(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")
    phone: str | None = Field(default=None, max_length=30)


class RegisterCustomer(BaseModel):
    """A customer entered here: numbers are checked, and somebody who is known already is not entered twice."""

    model_config = ConfigDict(extra="forbid")

    kind: CustomerKind
    name: str = Field(max_length=200)
    id_type: IdType | None = None
    id_no: str | None = Field(default=None, max_length=30)
    phone: str | None = Field(default=None, max_length=30)
    email: str | None = Field(default=None, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")
    address: str | None = Field(default=None, max_length=300)
    area_code: str | None = Field(default=None, max_length=12, pattern="^[0-9]*$")
    unit_code: str | None = Field(default=None, max_length=20)
    team_code: str | None = Field(default=None, max_length=40)
    manager_staff_no: str | None = Field(default=None, max_length=40)
    preferred_channel: Channel | None = None
    note: str | None = Field(default=None, max_length=1000)
    contacts: list[ContactIn] = Field(default_factory=list, max_length=50)


class ChangeCustomer(BaseModel):
    """A merge patch: what is named changes, null removes."""

    model_config = ConfigDict(extra="forbid")

    kind: CustomerKind | None = None
    name: str | None = Field(default=None, max_length=200)
    id_type: IdType | None = None
    id_no: str | None = Field(default=None, max_length=30)
    phone: str | None = Field(default=None, max_length=30)
    email: str | None = Field(default=None, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")
    address: str | None = Field(default=None, max_length=300)
    area_code: str | None = Field(default=None, max_length=12, pattern="^[0-9]*$")
    preferred_channel: Channel | None = None
    note: str | None = Field(default=None, max_length=1000)


class AssignCustomer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    unit_code: str = Field(min_length=1, max_length=20)
    team_code: str | None = Field(default=None, max_length=40)
    manager_staff_no: str | None = Field(default=None, max_length=40)
    reason: str = Field(min_length=1, max_length=500)


class SearchCustomers(BaseModel):
    """What must not stand in an address: names, numbers, phones. A name matches by its beginning, numbers whole."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, min_length=1, max_length=200)
    id_no: str | None = Field(default=None, min_length=4, max_length=30)
    phone: str | None = Field(default=None, min_length=3, max_length=30)
    email: str | None = Field(default=None, min_length=3, max_length=200)
    core_no: str | None = Field(default=None, max_length=60)
    policy_no: str | None = Field(default=None, max_length=60)
    claim_no: str | None = Field(default=None, max_length=60)
    kind: CustomerKind | None = None
    unit_code: list[str] = Field(default_factory=list, max_length=50)
    sort: str = "-created_at"
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = None
    include_total: bool = False

    def plain(self) -> list[tuple[str, str]]:
        """The criteria that the list knows too, as its query parameters."""
        pairs = [("sort", self.sort), ("limit", str(self.limit))]
        names = ("core_no", "policy_no", "claim_no", "kind", "cursor")
        pairs += [(name, str(value)) for name in names if (value := getattr(self, name))]
        pairs += [("unit_code", one) for one in self.unit_code]
        return [*pairs, ("include_total", "true")] if self.include_total else pairs

    def personal(self) -> dict[str, str]:
        """The criteria that are about persons."""
        return {name: value for name in ("name", "id_no", "phone", "email") if (value := getattr(self, name))}


class CustomerState(BaseModel):
    """The customer as a fact below it names it."""

    id: Id
    version: int


class PossibleDuplicate(BaseModel):
    customer_id: Id
    matched_on: list[str]


class ContactOut(BaseModel):
    id: Id
    role: str
    source: str
    name: str
    phone: str | None = None
    masked: list[str]


class ContactFactOut(BaseModel):
    id: Id
    created_at: Instant
    role: str
    customer: CustomerState


class AssignmentOut(BaseModel):
    unit_code: str
    team_code: str | None = None
    manager: dict[str, str] | None = None
    from_at: Instant
    to_at: Instant | None = None
    source: str
    reason: str | None = None


class AssignmentFactOut(BaseModel):
    """Whoever gave the customer to a unit outside of the own scope gets no more than this."""

    id: Id
    created_at: Instant
    unit_code: str
    customer: CustomerState


class ConsentOut(BaseModel):
    """`until_on`: the last day on which the statement holds."""

    id: Id
    purpose: str
    channel: str | None = None
    granted: bool
    given_by: str
    given_at: Instant
    until_on: date | None = None
    source: str
    evidence: str | None = None
    text_version: str | None = None


class FreezeOut(BaseModel):
    """`keep_until` is absent while something is open."""

    requested_at: Instant
    keep_until: date | None = None


class CustomerItem(BaseModel):
    """A customer in a list; personal values masked."""

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    core_no: str | None = None
    known: bool
    kind: str | None = None
    name: str | None = None
    area_code: str | None = None
    unit_code: str
    unit_pending: bool
    team_code: str | None = None
    manager: dict[str, str] | None = None
    preferred_channel: str | None = None
    key_account_tier: str | None = None
    merged_into: Id | None = None
    frozen: bool = False
    masked: list[str]


class CustomerOut(CustomerItem):
    """A customer read singly."""

    core_version: int
    id_type: str | None = None
    id_no: str | None = None
    id_doubt: str | None = None
    """Why the identity number, as the core system stated it, cannot be right."""
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    note: str | None = None
    contacts: list[ContactOut]
    assignments: list[AssignmentOut]
    consents: list[ConsentOut]
    """The statements that hold, one for each purpose and channel."""
    do_not_contact: list[str]
    """Purposes, or `purpose.channel`, for which the customer is left alone."""
    freeze: FreezeOut | None = None
    complaints_open: int | None = None
    possible_duplicates: list[PossibleDuplicate] | None = None
    available_actions: list[ActionOut]
