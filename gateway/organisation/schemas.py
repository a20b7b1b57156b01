"""What is sent and answered about units, teams, people and appointments."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.actions import ActionOut
from shared.clock import Instant
from shared.ids import Id

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
UnitCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,8}$")]
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=64)]


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


class OpenUnit(Command):
    code: UnitCode
    name: Name
    level: Literal["branch", "central_branch", "sub_branch"]
    kind: Literal["standard", "branch_local"] = "standard"
    parent_code: UnitCode
    area_codes: list[AreaCode] = Field(default_factory=list, max_length=50)
    opened_on: date


class ChangeUnit(Command):
    """Named members change, from today or from a later day; an array is replaced whole."""

    name: Name | None = None
    area_codes: list[AreaCode] | None = Field(default=None, max_length=50)
    effective_on: date | None = None


class OpenTeam(Command):
    unit_code: UnitCode
    code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z][0-9A-Z-]{1,19}$")]
    name: Name
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class ChangeTeam(Command):
    """Named members change; `to` is the first day without the team."""

    name: Name | None = None
    to_on: date | None = Field(default=None, alias="to")


class RegisterPerson(Command):
    staff_no: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{1,19}$")]
    name: Name
    kind: Literal["person", "machine"] = "person"


class ChangePerson(Command):
    """`active: false` is the exit: every appointment ends today and every sign-in with it."""

    name: Name | None = None
    active: Literal[False] | None = None


class Appoint(Command):
    position: str
    unit_code: UnitCode
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class Declared(Command):
    """Numbers of one person; only their keyed digests are kept."""

    id_no: Number | None = None
    phones: list[Number] = Field(default_factory=list, max_length=10)
    accounts: list[Number] = Field(default_factory=list, max_length=10)


class Declare(Command):
    """Everything declared: what is left out is no longer declared."""

    own: Declared = Field(default_factory=Declared, alias="self")
    relatives: list[Declared] = Field(default_factory=list, max_length=30)


class UnitItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    code: str
    name: str
    level: str
    kind: str
    parent_code: str | None = None
    path: str
    area_codes: list[str]
    opened_on: date
    closed_on: date | None = None
    merged_into: str | None = None


class AreaOut(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    area_code: str
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class PlannedChangeOut(BaseModel):
    """A change of the unit that waits for its day; `held`: its day has come, and the obstacles keep it up."""

    id: Id
    kind: str
    effective_on: date
    status: str
    target_code: str | None = None
    obstacles: list[dict[str, Any]] | None = None


class UnitOut(UnitItem):
    """One unit with every area it has, had or will have, and the changes that wait for their day."""

    areas: list[AreaOut]
    planned_changes: list[PlannedChangeOut]
    available_actions: list[ActionOut]


class TeamItem(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    unit_code: str
    code: str
    name: str
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class AppointmentOut(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    id: Id
    created_at: Instant
    position: str
    unit_code: str
    org_path: str
    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")


class RecordVersion(BaseModel):
    id: Id
    version: int


class AppointmentFactOut(AppointmentOut):
    person: RecordVersion


class PersonItem(BaseModel):
    id: Id
    version: int
    org_path: str
    created_at: Instant
    updated_at: Instant
    staff_no: str
    name: str
    kind: str
    active: bool


class PersonOut(PersonItem):
    appointments: list[AppointmentOut]
    available_actions: list[ActionOut]


class DeclarationsOut(BaseModel):
    """How many numbers are declared; the numbers are not kept."""

    person: RecordVersion
    own: int = Field(serialization_alias="self")
    relatives: int


class UnitName(BaseModel):
    code: str
    name: str
    level: str
    kind: str
    path: str


class DirectoryEntry(BaseModel):
    """One appointment in force today; `open_items` and `eligible` only where they are known."""

    person_id: Id
    staff_no: str
    name: str
    position: str | None = None
    unit: UnitName | None = None
    open_items: int | None = None
    eligible: bool | None = None
    reason: dict[str, Any] | None = None
