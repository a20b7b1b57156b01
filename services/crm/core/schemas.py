"""A customer as the core policy system states it. An absent member and null mean the same here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.crm.customer.rules import CustomerKind, IdType
from services.crm.customer.schemas import Channel
from shared.ids import Id


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CoreContact(_Body):
    name: str = Field(min_length=1, max_length=100)
    role: str = Field(min_length=1, max_length=40)
    phone: str | None = Field(default=None, max_length=30)


class CoreCustomer(_Body):
    """One complete version of a customer, keyed by its number in the path. Numbers are stored as they are sent: a
    synchronisation does not stop at an old typing error.
    """

    core_version: int = Field(ge=1, lt=2**31)
    kind: CustomerKind
    name: str = Field(min_length=1, max_length=200)
    id_type: IdType | None = None
    id_no: str | None = Field(default=None, max_length=30)
    phone: str | None = Field(default=None, max_length=30)
    email: str | None = Field(default=None, max_length=200)
    address: str | None = Field(default=None, max_length=300)
    area_code: str | None = Field(default=None, max_length=12)
    unit_code: str = Field(min_length=1, max_length=20)
    team_code: str | None = Field(default=None, max_length=40)
    manager_staff_no: str | None = Field(default=None, max_length=40)
    preferred_channel: Channel | None = None
    contacts: list[CoreContact] | None = Field(default=None, max_length=100)
    merged_into_core_no: str | None = Field(default=None, min_length=1, max_length=60)


class PendingReferenceOut(BaseModel):
    kind: str
    value: str


class UpsertOut(BaseModel):
    """What became of the version: `current`, `history` or `ignored`; and what it names that is not known here."""

    id: Id
    core_version: int
    applied: str
    pending_references: list[PendingReferenceOut]
