"""What is sent and answered when somebody signs in."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self
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


IdToken = Annotated[str, StringConstraints(min_length=20, max_length=8000)]
Nonce = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Proof(Command):
    """A password, or an id token of the issuer with the nonce that it was asked for with."""

    password: Password | None = None
    id_token: IdToken | None = None
    nonce: Nonce | None = None

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.password is None) == (self.id_token is None) or (self.nonce is not None and self.id_token is None):
            raise PydanticCustomError("one_of", "Give a password, or id_token (with nonce where one was used).")
        return self


class SignIn(_Proof):
    """`login` and `password`, or `id_token`."""

    login: Login | None = None

    @model_validator(mode="after")
    def _whose_password(self) -> Self:
        if (self.login is None) != (self.password is None):
            raise PydanticCustomError("one_of", "Give login and password, or id_token.")
        return self


class Refresh(Command):
    refresh_token: Token


class StepUp(_Proof):
    """The password again, or an id token whose `auth_time` lies within the last 5 minutes."""


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
    """`acting`, `delegation_id` and `on_behalf_of` only where somebody else's appointment is acted under."""

    id: Id
    position: str
    unit: UnitName
    acting: bool | None = None
    delegation_id: Id | None = None
    on_behalf_of: PersonName | None = None


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


class RegisterKey(Command):
    """`public_key`: a JWK with an Ed25519 or a P-256 public key."""

    public_key: dict[str, Any] = Field(max_length=20)


class MachineKeyItem(BaseModel):
    """`thumbprint` (RFC 7638) names the key."""

    id: Id
    created_at: Instant
    thumbprint: str
    kind: str


class MachineKeysOut(BaseModel):
    items: list[MachineKeyItem]


class MachineKeyOut(MachineKeyItem):
    person: RecordVersion
    retired_at: Instant | None = None
