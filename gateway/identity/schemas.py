"""What is sent and answered when somebody signs in."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from gateway.organisation.schemas import RecordVersion, UnitName
from shared.clock import Instant
from shared.ids import Id
from shared.money import Money

Login = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=100)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Token = Annotated[str, StringConstraints(min_length=20, max_length=200)]


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignIn(Command):
    login: Login
    password: Password


class Refresh(Command):
    refresh_token: Token


class StepUp(Command):
    password: Password


class SetPassword(Command):
    """`current_password` may be left out only where a password has to be set first."""

    current_password: Password | None = None
    new_password: Password


class SwitchAppointment(Command):
    """Exactly one of the two."""

    appointment_id: UUID | None = None
    delegation_id: UUID | None = None

    @model_validator(mode="after")
    def _one(self) -> SwitchAppointment:
        if (self.appointment_id is None) == (self.delegation_id is None):
            raise PydanticCustomError("one_of", "Give appointment_id or delegation_id.")
        return self


class Unlock(Command):
    """`one_time_token`: the password is void, and the answer shows a token that serves once instead."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]
    one_time_token: bool = False


class ClientToken(BaseModel):
    """The form of a machine's sign-in (RFC 6749 §4.4, RFC 7523 §2.2); unknown members are ignored, as OAuth asks."""

    grant_type: Literal["client_credentials"]
    client_assertion: Annotated[str, StringConstraints(min_length=20, max_length=8000)]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"] = (
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )


class PersonName(BaseModel):
    id: Id
    name: str


class AppointmentName(BaseModel):
    id: Id
    position: str
    unit: UnitName


class HeldAppointment(AppointmentName):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class TokenOut(BaseModel):
    access_token: str
    expires_in: int


class MachineTokenOut(TokenOut):
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, not one


class RenewedOut(TokenOut):
    refresh_token: str


class SwitchedOut(TokenOut):
    appointment: AppointmentName


class SignedInOut(RenewedOut):
    person: PersonName
    appointments: list[HeldAppointment]
    appointment: AppointmentName
    must_set_password: bool | None = None
    """Only where true: until then nothing else is permitted."""


class LimitOut(BaseModel):
    """`unlimited` instead of `limit` where there is none."""

    kind: str
    line: str
    limit: Money | None = None
    unlimited: bool | None = None


class MeOut(BaseModel):
    person: PersonName
    appointment: AppointmentName
    permissions: list[str]
    limits: list[LimitOut]
    must_set_password: bool | None = None


class UnlockOut(BaseModel):
    id: Id
    created_at: Instant
    person: RecordVersion
    one_time_token: str | None = None
    expires_at: Instant | None = None
