"""What is sent and answered about delegations."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.organisation.schemas import UnitName
from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money

PermissionName = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+\.[a-z_]+$", max_length=100)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]


class Grant(BaseModel):
    """`limit`: yuan, for every amount decided under it; left out: the delegator's own limits. `appointment_id`: the
    appointment whose authority is delegated, where it is not the one acted under; the security administrator names the
    appointment of somebody who cannot grant it himself.
    """

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

    to_person_id: UUID
    permissions: list[PermissionName] = Field(min_length=1, max_length=100)
    limit: Money | None = None
    from_on: date = Field(alias="from")
    to_on: date = Field(alias="to")
    reason: Reason
    appointment_id: UUID | None = None


class PersonNamed(BaseModel):
    person_id: Id
    staff_no: str


class DelegationItem(BaseModel):
    """`from` is the first day, `to` the first day after."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    status: Literal["planned", "active", "ended", "revoked"]
    delegator: PersonNamed
    delegate: PersonNamed
    appointment_id: Id
    position: str
    unit: UnitName
    permissions: list[str]
    limit: Money | None = None
    from_on: date = Field(alias="from")
    to_on: date = Field(alias="to")
    reason: str
    granted_by: Id
    revoked_at: Instant | None = None
    revoked_by: Id | None = None


class DelegationOut(DelegationItem):
    available_actions: list[ActionOut]
